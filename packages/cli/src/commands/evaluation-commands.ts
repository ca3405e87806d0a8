import { Option, type Command } from 'commander'
import { protocolNames } from '../config/schema.js'
import type { Interruption } from '../interruption.js'
import { owningRun } from '../run/owner.js'
import { runWorker } from '../workers/worker.js'
import { budgetCommand, type BudgetOptions } from './budget.js'
import { continualCommand, type ContinualOptions } from './continual.js'
import { evaluateCommand, type EvaluateOptions } from './evaluate.js'
import { count, flags, whole } from './flags.js'
import { scoresCommand, type ScoresOptions } from './scores.js'
import { searchCommand, type SearchOptions } from './search.js'
import type { Terminal } from './terminal.js'

/** Adds the commands that measure what a set is worth. */
export function addEvaluationCommands(haba: Command, terminal: Terminal, interruption: Interruption | undefined): void {
  const workers = () => count('-w, --workers <n>', 'processes (default: as many as there are cores for)')
  const epochs = () => count('-e, --epochs <n>', "(default: the run's)")

  haba
    .command('evaluate')
    .summary('test a finished set again: other protocol, other networks')
    .description(
      'Trains fresh networks on the set of a run and tests them on real data, several at a time. Prints a table, and ' +
        'writes evaluation-PROTOCOL-NETWORK.json for each kind of network into the run folder. Real images of as many ' +
        'floats are tested beside it.',
    )
    .argument('<run>', 'a run folder')
    .option(
      '-n, --networks <names...>',
      'kinds of networks, such as convnet,vgg11, or JSON such as {"use":"convnet","depth":4} (default: the run\'s)',
    )
    .addOption(count('-k, --seeds <n>', "fresh networks of each kind (default: the run's)"))
    .addOption(workers())
    .addOption(new Option('-p, --protocol <name>', "(default: the run's)").choices([...protocolNames]))
    .addOption(epochs())
    .option(
      '-b, --baselines <names...>',
      'random, herding, k-center, forgetting, k-means, or none (default: all of them but forgetting)',
    )
    .option(...flags.data)
    .option(...flags.engine)
    .action((run: string, options: EvaluateOptions) =>
      owningRun(run, 'haba evaluate', () => evaluateCommand(run, options, terminal, interruption)),
    )

  haba
    .command('budget')
    .summary('exactly what sets will store, before any run')
    .description(
      'Counts bytes and values part by part, and the images a class that have as many values. Reads no data beyond its ' +
        'shape. Of several configurations it says first how far their budgets are apart.',
    )
    .argument('<configs...>', 'configuration files, also those of runs')
    .addOption(
      new Option('--image <height,width,channels>', 'where only reading the data would tell').argParser(
        (text) => text.split(',').map(whole(1)) as unknown,
      ),
    )
    .addOption(count('--classes <n>', 'with --image'))
    .action((configs: string[], options: BudgetOptions) => budgetCommand(configs, options, terminal))

  haba
    .command('scores')
    .summary('what a set is worth beyond its labels and augmentation')
    .description(
      'Trains networks on the set and on random images of as many bytes, with and without augmentation; prints ' +
        "DD-Ranking's scores, the gain at equal bytes and the recovery of full data. Writes scores.json.",
    )
    .argument('<run>', 'a run folder')
    .addOption(count('-k, --seeds <n>', "fresh networks of each (default: the run's)"))
    .addOption(epochs())
    .option(...flags.data)
    .option(...flags.engine)
    .action((run: string, options: ScoresOptions) =>
      owningRun(run, 'haba scores', () => scoresCommand(run, options, terminal, interruption)),
    )

  haba
    .command('continual')
    .summary('classes that arrive in steps: does the set remember them?')
    .description(
      "Distils each step's classes as the run was distilled, trains networks from scratch on all memory so far, and " +
        'compares with random images and herding of as many floats. Writes continual-STEPS.json.',
    )
    .argument('<run>', 'a run folder')
    .addOption(count('-s, --steps <n>', 'in which all classes arrive; 5 or 10 in the papers').default(5))
    .addOption(count('-o, --orders <n>', "orders of the classes, by numpy's seeds 0, 1, …").default(1))
    .addOption(count('-k, --seeds <n>', 'fresh networks at each step').default(3))
    .addOption(epochs())
    .option(...flags.data)
    .option(...flags.engine)
    .action((run: string, options: ContinualOptions) =>
      owningRun(run, 'haba continual', () => continualCommand(run, options, terminal, interruption)),
    )

  haba
    .command('search')
    .summary('architecture search: does the set find the best network?')
    .description(
      'Trains many ConvNets on the set and on all data, and compares how the two rank them. Finished trainings are kept ' +
        'in search.jsonl: the same command goes on after an interruption.',
    )
    .argument('<run>', 'a run folder')
    .option('--space <json>', 'parts of the space, such as {"width":[32],"depth":[2,3]} (default: all 720 networks)')
    .addOption(count('--sample <n>', 'so many of them, at random'))
    .addOption(count('-e, --epochs <n>', 'on the set').default(200))
    .addOption(count('--real-epochs <n>', 'on all data').default(200))
    .addOption(workers())
    .option(...flags.data)
    .option(...flags.engine)
    .action((run: string, options: SearchOptions) =>
      owningRun(run, 'haba search', () => searchCommand(run, options, terminal, interruption)),
    )

  haba.command('worker', { hidden: true }).action(runWorker)
}
