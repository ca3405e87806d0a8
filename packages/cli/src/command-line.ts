import { HabaError } from '@haba/core'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { createRequire } from 'node:module'
import { distillCommand, type DistillOptions } from './commands/distill.js'
import { evaluateCommand, type EvaluateOptions } from './commands/evaluate.js'
import { expertsCommand, type ExpertsOptions } from './commands/experts.js'
import { optionsCommand } from './commands/options.js'
import { showCommand } from './commands/show.js'
import type { Terminal } from './commands/terminal.js'
import { isInterruption, type Interruption } from './interruption.js'

/** 0: done; 1: an error; 130: ended by Ctrl-C. */
export type ExitCode = 0 | 1 | 130

const whole =
  (least: number) =>
  (text: string): number => {
    const value = Number(text)
    if (!Number.isSafeInteger(value) || value < least)
      throw new InvalidArgumentError(`Expected a whole number of at least ${least}.`)
    return value
  }

const count = (flags: string, description: string) => new Option(flags, description).argParser(whole(1))
const data = '--data <folder>'
const dataHelp = "where the dataset's files are, instead of what the configuration says"

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
    .option(data, dataHelp)
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
    .option(data, dataHelp)
    .action((file: string, options: ExpertsOptions) => expertsCommand(file, options, terminal, interruption))

  haba
    .command('evaluate')
    .summary('test a finished set again: other protocol, other networks')
    .description(
      'Trains fresh networks on the set of a run and tests them on real data. Prints the accuracy, and writes it to ' +
        'evaluation-PROTOCOL-NETWORK.json in the run folder.',
    )
    .argument('<run>', 'a run folder')
    .addOption(count('-n, --networks <n>', "fresh networks (default: the run's)"))
    .addOption(new Option('-p, --protocol <name>', "(default: the run's)").choices(['dc', 'dsa', 'mtt', 'haba']))
    .addOption(count('-e, --epochs <n>', "(default: the run's)"))
    .option(
      '--network <name>',
      'another kind of network: a name such as vgg11, or JSON such as {"use":"convnet","depth":4}',
    )
    .option(data, dataHelp)
    .action((run: string, options: EvaluateOptions) => evaluateCommand(run, options, terminal, interruption))

  haba
    .command('show')
    .summary('draw the pictures and the page of a run, and print its table')
    .argument('<run>', 'a run folder')
    .action((run: string) => showCommand(run, terminal))

  haba
    .command('options')
    .summary('what configurations can say: every name, option, range and default')
    .argument('[name]', 'one name, such as convnet, factorised or evaluate')
    .option('--plugin <name...>', 'plugins to list too: packages, or paths of files')
    .action((name: string | undefined, { plugin = [] }: { plugin?: string[] }) =>
      optionsCommand(name, plugin, terminal),
    )

  for (const command of haba.commands) command.copyInheritedSettings(haba)
  return haba
}

const distillHelp =
  'Distils the data that a configuration names into a small set, trains fresh networks on it, and compares it with ' +
  'plain images of as many stored floats. Ctrl-C ends after the current step and says how to go on. Two runs from one ' +
  'seed write the same bytes.'

const runFolder = `
The run folder holds
  config.json              the configuration, complete; it can be run again
  set.safetensors, .json   the set, and all that is needed to use it
  result.json              accuracies, floats and bytes of every row of the table
  metrics.jsonl            a line a step
  grid.png, report.html    bases beside their images; one page with everything
  checkpoint.safetensors   to go on from
  pixels/                  the same of the plain images it is compared with
`

const examples = `
Examples:
  haba distill recipes/mnist-haba.json            a set of 17 images' floats, in minutes
  haba distill --resume runs/mnist-haba           go on after Ctrl-C
  haba distill --resume runs/mnist-haba -s 2000   make it longer
  haba evaluate runs/mnist-haba --network vgg11   does it serve other networks?
  haba options factorised                         what "set": { "use": "factorised" } takes

Errors say who speaks, what was expected, what came and what to do; HABA_DEBUG=1 adds where they come from.
Exit codes: 0 done, 1 error, 130 ended by Ctrl-C.
`
