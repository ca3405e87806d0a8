import { HabaError } from '@haba/core'
import { Command, CommanderError, Option } from 'commander'
import { createRequire } from 'node:module'
import { compareCommand, type CompareOptions } from './commands/compare.js'
import { dataCheckCommand } from './commands/data-check.js'
import { dataGetCommand, setsText, type DataOptions } from './commands/data.js'
import { distillCommand, type DistillOptions } from './commands/distill.js'
import { doctorCommand } from './commands/doctor.js'
import { addEvaluationCommands } from './commands/evaluation-commands.js'
import { expertsCommand, type ExpertsOptions } from './commands/experts.js'
import { count, flags, whole } from './commands/flags.js'
import { optionsCommand } from './commands/options.js'
import { showCommand } from './commands/show.js'
import type { Terminal } from './commands/terminal.js'
import { isInterruption, type Interruption } from './interruption.js'
import { owningRun } from './run/owner.js'

/** 0: done; 1: an error; 130: ended by Ctrl-C. */
export type ExitCode = 0 | 1 | 130

/**
 * Runs one command.
 *
 * @param args what follows `haba`
 * @param terminal @default the process's own
 * @param interruption who may end it early @default Ctrl-C and SIGTERM
 */
export async function commandLine(
  args: readonly string[],
  terminal: Terminal = { out: process.stdout, err: process.stderr },
  interruption?: Interruption,
): Promise<ExitCode> {
  try {
    await program(terminal, interruption).parseAsync(args, { from: 'user' })
    return 0
  } catch (error) {
    return reported(error, terminal)
  }
}

function reported(error: unknown, { err }: Terminal): ExitCode {
  // Commander has said what it had to say.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 1
  if (isInterruption(error)) {
    err.write(`\n${(error as HabaError).facts.todo}\n`)
    return 130
  }
  const debug = process.env.HABA_DEBUG !== undefined
  const { message, stack } = error instanceof Error ? error : new Error(String(error))
  err.write(`\n${debug ? stack : message}\n`)
  if (!debug && !HabaError.is(error)) err.write('HABA_DEBUG=1 shows where this comes from.\n')
  return 1
}

function program(terminal: Terminal, interruption: Interruption | undefined): Command {
  const { version } = createRequire(import.meta.url)('@haba/cli/package.json') as { version: string }
  const haba = new Command('haba')
    .description('Dataset distillation by factorisation: bases and hallucinators, with any matching objective.')
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
    .summary('distil a set, measure it, and write a run folder')
    .description(distillHelp)
    .addHelpText('after', runFolder)
    .argument('[config]', 'a configuration file, such as recipes/mnist-haba.json')
    .option('-o, --out <folder>', 'the run folder (default: runs/NAME, or the next free one)')
    .option('-r, --resume <run>', 'go on with a run, to the same bytes as if it had never stopped')
    .addOption(count('-s, --steps <n>', 'steps, instead of what the configuration says'))
    .addOption(new Option('--seed <n>', 'seed, instead of what the configuration says').argParser(whole(0)))
    .option(...flags.data)
    .option(...flags.engine)
    .action((file: string | undefined, options: DistillOptions) =>
      distillCommand(file, options, terminal, interruption),
    )

  haba
    .command('experts')
    .summary('record the trainings that trajectory matching imitates')
    .description(
      'Trains networks on the real data and keeps their weights after every epoch, as the section "experts" of the ' +
        'configuration says. Finished experts are kept: the same command goes on after an interruption.',
    )
    .argument('<config>', 'a configuration file with a section "experts"')
    .addOption(count('-c, --count <n>', 'experts in all'))
    .addOption(count('-e, --epochs <n>', 'epochs of each'))
    .option(...flags.data)
    .option(...flags.engine)
    .action((file: string, options: ExpertsOptions) => expertsCommand(file, options, terminal, interruption))

  addEvaluationCommands(haba, terminal, interruption)

  haba
    .command('show')
    .summary('draw the pictures and the page of a run, and print its table')
    .argument('<run>', 'a run folder')
    .action((run: string) => owningRun(run, 'haba show', () => showCommand(run, terminal)))

  haba
    .command('compare')
    .summary('several runs side by side, as a table and as one page')
    .description('Says first whether the budgets and protocols are equal; then accuracies, budgets, curves and images.')
    .argument('<runs...>', 'run folders, at least two')
    .option('-o, --out <file>', 'the page', 'comparison.html')
    .action((runs: string[], options: CompareOptions) => compareCommand(runs, options, terminal))

  haba
    .command('options')
    .summary('what configurations can say: every name, option, range and default')
    .argument('[name]', 'one name, such as convnet, factorised or evaluate')
    .option('--plugin <name...>', 'plugins to list too: packages, or paths of files')
    .action((name: string | undefined, { plugin = [] }: { plugin?: string[] }) =>
      optionsCommand(name, plugin, terminal),
    )

  haba
    .command('doctor')
    .summary('which engines work here, and what the others need')
    .description('Runs a small function on every engine, and says why and what to install where that fails.')
    .action(() => doctorCommand(terminal))

  const data = haba.command('data').summary('fetch published data sets, and check your own')
  data
    .command('check')
    .summary('read every image, and list those that cannot be used')
    .description(
      'Reads every image of a data set before a run needs it; lists those that are damaged or of another size, counts ' +
        'images a class, and says what a run would warn of.',
    )
    .argument('<what>', 'a configuration file, a folder of images or of parquet files, or an .npz file')
    .action((what: string) => dataCheckCommand(what, terminal))
  data
    .command('get')
    .summary('fetch, check and unpack a published data set')
    .description('Fetches a published data set, checks it, and says in which folder it is.')
    .addHelpText('after', setsText)
    .argument('<name>', 'the name of a set, such as cifar10')
    .option('-t, --to <folder>', 'where its files go (default: a folder of its own in HABA_DATA)')
    .option('-m, --mirror <url>', 'another place that has the same files')
    .action((name: string, options: DataOptions) => dataGetCommand(name, options, terminal))

  for (const command of haba.commands) {
    command.copyInheritedSettings(haba)
    for (const inner of command.commands) inner.copyInheritedSettings(haba)
  }
  return haba
}

const distillHelp =
  'Distils the data that a configuration names into a small set, trains fresh networks on it, and compares it with ' +
  'real and plain images of as many stored bytes. Ctrl-C ends after the current step and says how to go on. Two runs from one ' +
  'seed write the same bytes.'

const runFolder = `
The run folder holds
  config.json              the configuration, complete; it can be run again
  set.safetensors, .json   the set, and all that is needed to use it
  result.json              accuracies, floats and bytes of every row of the table
  metrics.jsonl            a line a step
  grid.png, report.html    bases beside their images; one page with everything
  events.out.tfevents.haba metrics and images for TensorBoard
  snapshots/               the set as it was on the way
  checkpoint.safetensors   to go on from
  pixels/                  the same of the plain images it is compared with
`

const examples = `
Examples:
  haba distill recipes/mnist-haba.json            a set of 17 images' floats, in minutes
  haba distill --resume runs/mnist-haba           go on after Ctrl-C
  haba distill --resume runs/mnist-haba -s 2000   make it longer
  haba evaluate runs/mnist-haba -n vgg11,resnet18 does it serve other networks?
  haba data get cifar10                           fetch a data set
  haba data check birds                           can every image of a folder be used?
  haba options factorised                         what "set": { "use": "factorised" } takes

Errors say who speaks, what was expected, what came and what to do; HABA_DEBUG=1 adds where they come from.
Exit codes: 0 done, 1 error, 130 ended by Ctrl-C.
`
