import { HabaError, isNotFinite, systemError } from '@haba/core'
import { Command, CommanderError, Option } from 'commander'
import { createRequire } from 'node:module'
import { compareCommand, type CompareOptions } from './commands/compare.js'
import {
  configCheckCommand,
  configExplainCommand,
  configMigrateCommand,
  configSchemaCommand,
  type ConfigOptions,
} from './commands/config.js'
import { dataCheckCommand, type DataCheckOptions } from './commands/data-check.js'
import { dataGetCommand, setsText, type DataOptions } from './commands/data.js'
import { distillCommand, type DistillOptions } from './commands/distill.js'
import { doctorCommand } from './commands/doctor.js'
import { addEncodeCommand } from './encode-command.js'
import { addEvaluationCommands } from './evaluation-commands.js'
import { addSharingCommands } from './sharing-commands.js'
import { expertsCommand, type ExpertsOptions } from './commands/experts.js'
import { allowPlugin, count, flags, setOption, whole } from './flags.js'
import { optionsCommand } from './commands/options.js'
import { initCommand, recipesCommand } from './commands/recipes.js'
import { showCommand, type ShowOptions } from './commands/show.js'
import type { Terminal } from './tell/progress.js'
import type { Trust } from './config/read-config.js'
import { isInterruption } from './interruption.js'
import { mayChangeText } from './folder/resumable.js'
import { usingRun } from './folder/owner.js'

/** 0: done; 1: an error; 3: diverged, numbers are not finite; 130: ended by Ctrl-C. */
export type ExitCode = 0 | 1 | 3 | 130

/**
 * Runs one command.
 *
 * @param args what follows `haba`
 * @param terminal @default the process's own
 * @param signal ends it early: after the step that it is at, with a word on how to go on @default of Ctrl-C and SIGTERM
 */
export async function commandLine(
  args: readonly string[],
  terminal: Terminal = { out: process.stdout, err: process.stderr },
  signal?: AbortSignal,
): Promise<ExitCode> {
  try {
    await program(terminal, signal).parseAsync(args, { from: 'user' })
    return 0
  } catch (error) {
    return reported(error, terminal)
  }
}

function reported(thrown: unknown, { err }: Terminal): ExitCode {
  const error = systemError(thrown, (thrown as NodeJS.ErrnoException | undefined)?.path ?? 'this machine', 'to use it')
  // Commander has said what it had to say.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 1
  if (isInterruption(error)) {
    err.write(`\n${(error as HabaError).facts.hint}\n`)
    return 130
  }
  const debug = process.env.HABA_DEBUG !== undefined
  const { message, stack } = error instanceof Error ? error : new Error(String(error))
  err.write(`\n${debug ? stack : message}\n`)
  if (!debug && !HabaError.is(error)) err.write('HABA_DEBUG=1 shows where this comes from.\n')
  return isNotFinite(error) ? 3 : 1
}

function program(terminal: Terminal, signal: AbortSignal | undefined): Command {
  const { version } = createRequire(import.meta.url)('@haba/cli/package.json') as { version: string }
  const haba = new Command('haba')
    .description('Dataset distillation by factorization: bases and hallucinators, with any matching objective.')
    .version(version)
    .addHelpText('after', examples)
    .showHelpAfterError('Try --help.')
    .configureOutput({
      writeOut: (text) => void terminal.out.write(text),
      writeErr: (text) => void terminal.err.write(text),
    })
    .exitOverride()

  haba
    .command('distill')
    .summary('distill a set, measure it, and write a run folder')
    .description(distillHelp)
    .addHelpText(
      'after',
      `${runFolder}\nWhat may change of the configuration in a run folder before it is resumed:\n${mayChangeText()
        .map((line) => `  ${line}\n`)
        .join('')}`,
    )
    .argument('[config]', 'a configuration file, such as recipes/mnist-haba.json: JSON, YAML, or a module')
    .option('-o, --out <folder>', 'the run folder (default: runs/NAME, or the next free one)')
    .option('-r, --resume <run>', 'resume a run; the result is the same, byte for byte')
    .addOption(count('-s, --steps <n>', 'steps, instead of those of the configuration'))
    .addOption(new Option('--seed <n>', 'seed, instead of that of the configuration').argParser(whole(0)))
    .option(...flags.data)
    .option(...flags.engine)
    .addOption(setOption())
    .addOption(allowPlugin())
    .action((file: string | undefined, options: DistillOptions) => distillCommand(file, options, terminal, signal))

  haba
    .command('experts')
    .summary('record the trainings that trajectory matching imitates')
    .description(
      'Trains networks on the real data and keeps their weights after every epoch, as the section "experts" of the ' +
        'configuration says. Finished experts are kept; after an interruption the same command resumes.',
    )
    .argument('<config>', 'a configuration file with a section "experts"')
    .addOption(count('-c, --count <n>', 'experts in all'))
    .addOption(count('-e, --epochs <n>', 'epochs of each'))
    .option(...flags.data)
    .option(...flags.engine)
    .addOption(setOption())
    .addOption(allowPlugin())
    .action((file: string, options: ExpertsOptions) => expertsCommand(file, options, terminal, signal))

  addEncodeCommand(haba, terminal, signal)
  addEvaluationCommands(haba, terminal, signal)
  addSharingCommands(haba, terminal)

  haba
    .command('show')
    .summary('draw the pictures and the page of a run, and print its table')
    .argument('<run>', 'a run folder, or a file of `haba pack`')
    .addOption(allowPlugin())
    .action((run: string, options: ShowOptions) =>
      usingRun(run, 'haba show', () => showCommand(run, options, terminal)),
    )

  haba
    .command('compare')
    .summary('several runs side by side, as a table and as one page')
    .description(
      'Says first whether budgets and protocols are equal, then shows accuracies, budgets, curves and images.',
    )
    .argument('<runs...>', 'run folders or files of `haba pack`, at least two')
    .option('-o, --out <file>', 'the page', 'comparison.html')
    .addOption(allowPlugin())
    .action((runs: string[], options: CompareOptions) => compareCommand(runs, options, terminal))

  haba
    .command('recipes')
    .summary('the recipes that come with haba, one a line')
    .action(() => recipesCommand(terminal))

  haba
    .command('init')
    .summary('copy a recipe to the current folder, to begin with')
    .argument('[name]', 'a recipe', 'mnist-haba')
    .action((name: string) => initCommand(name, terminal))

  haba
    .command('options')
    .summary('list what configurations can contain: every name, option, range and default')
    .argument('[name]', 'one name, such as convnet, factorized or evaluate')
    .option('--plugin <name...>', 'plugins to list too: packages, or paths of files')
    .action((name: string | undefined, { plugin = [] }: { plugin?: string[] }) =>
      optionsCommand(name, plugin, terminal),
    )

  haba
    .command('doctor')
    .summary('which engines work here, and what the others need')
    .description('Runs a small function on every engine. If an engine fails, says why and what to install.')
    .action(() => doctorCommand(terminal))

  const data = haba.command('data').summary('download published data sets, and check your own')
  data
    .command('check')
    .summary('read every image, and list those that cannot be used')
    .description(
      'Reads every image of a data set before a run needs it; lists those that are damaged or of another size, counts ' +
        'images a class, and shows the warnings that a run would print.',
    )
    .argument('<what>', 'a configuration file, a folder of images or of parquet files, or an .npz file')
    .addOption(allowPlugin())
    .action((what: string, options: DataCheckOptions) => dataCheckCommand(what, options, terminal))
  data
    .command('get')
    .summary('download, check and unpack a published data set')
    .description('Downloads a published data set, checks it, and prints its folder.')
    .addHelpText('after', setsText)
    .argument('<name>', 'the name of a set, such as cifar10')
    .option('-t, --to <folder>', 'where its files go (default: a folder of its own in HABA_DATA)')
    .option('-m, --mirror <url>', 'another place that has the same files')
    .action((name: string, options: DataOptions) => dataGetCommand(name, options, terminal))

  const config = haba.command('config').summary('check and explain configurations, and bring them up to date')
  const configFile = 'a configuration file: JSON, in which comments may stand, YAML, or a module'
  config
    .command('check')
    .summary('check every option, and run nothing')
    .argument('<file>', configFile)
    .addOption(setOption())
    .addOption(allowPlugin())
    .action((file: string, options: ConfigOptions) => configCheckCommand(file, options, terminal))
  config
    .command('explain')
    .summary('every option in effect, its value and its meaning')
    .argument('<file>', configFile)
    .addOption(setOption())
    .addOption(allowPlugin())
    .action((file: string, options: ConfigOptions) => configExplainCommand(file, options, terminal))
  config
    .command('schema')
    .summary('print the JSON Schema of configurations, for editors')
    .description(
      'Prints the JSON Schema of configuration files. It is also in the package, as @haba/cli/config.schema.json; a configuration names it in "$schema".',
    )
    .option('--plugin <name...>', 'plugins to include: packages, or paths of files')
    .action(({ plugin = [] }: { plugin?: string[] }) => configSchemaCommand(plugin, terminal))
  config
    .command('migrate')
    .summary('write the names of today')
    .description(
      'Writes the names of today for those of earlier versions into a configuration file, and changes nothing else.',
    )
    .argument('<file>', 'a configuration file')
    .addOption(allowPlugin())
    .action((file: string, options: Pick<Trust, 'allowPlugin'>) => configMigrateCommand(file, options, terminal))

  for (const command of haba.commands) {
    command.copyInheritedSettings(haba)
    for (const inner of command.commands) inner.copyInheritedSettings(haba)
  }
  return haba
}

const distillHelp =
  'Distills the data that a configuration names into a small set, trains fresh networks on it, and compares it with ' +
  'real and plain images of as many stored bytes. Ctrl-C stops after the current step and says how to resume. Two runs with the ' +
  'same seed write the same bytes.'

const runFolder = `
The run folder holds
  config.json              the configuration, complete; it can be run again
  identity.json            data, network and settings that the run was made of; later commands compare them
  set.safetensors, .json   the set, and everything needed to use it
  result.json              accuracies, floats and bytes of every row of the table
  metrics.jsonl            one line for each step
  grid.png, report.html    bases beside their images; one page with everything
  events.out.tfevents.haba metrics and images for TensorBoard
  snapshots/               the set at several steps of the run
  checkpoint.safetensors   for resuming; checkpoint-STEP.safetensors is the one before it
  pixels/                  the same of the plain images it is compared with
`

const examples = `
Examples:
  haba distill recipes/mnist-haba.json            distill MNIST into 10 kB, and compare
  haba distill --resume runs/mnist-haba           resume after Ctrl-C
  haba distill --resume runs/mnist-haba -s 2000   more steps
  haba distill mine.yaml --set objective.views=2  a value instead of the file's
  haba evaluate runs/mnist-haba -n vgg11,resnet18 test it with other networks
  haba pack runs/mnist-haba                       one file of it, to send
  haba export runs/mnist-haba -t npz -o images    its images for NumPy
  haba data get cifar10                           download a data set
  haba data check birds                           find images that cannot be used
  haba options factorized                         what "set": { "use": "factorized" } takes

Errors name their source, what was expected and what was received; HABA_DEBUG=1 adds the stack.
Exit codes: 0 done, 1 error, 3 diverged (numbers that are not finite), 130 stopped by Ctrl-C.
`
