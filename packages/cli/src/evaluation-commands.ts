import { Option, type Command } from 'commander'
import { protocolNames } from './config/section-schemas.js'
import { owningRun, usingRun } from './folder/owner.js'
import { runWorker } from './measure/worker.js'
import { budgetCommand, type BudgetOptions } from './commands/budget.js'
import { continualCommand, type ContinualOptions } from './commands/continual.js'
import { evaluateCommand, type EvaluateOptions } from './commands/evaluate.js'
import { evaluateImagesCommand, type EvaluateImagesOptions } from './commands/evaluate-images.js'
import { allowPlugin, count, flags, setOption, whole } from './flags.js'
import { scoresCommand, type ScoresOptions } from './commands/scores.js'
import { searchCommand, type SearchOptions } from './commands/search.js'
import type { Terminal } from './tell/progress.js'

/** Adds the commands that measure what a set is worth. */
export function addEvaluationCommands(haba: Command, terminal: Terminal, signal: AbortSignal | undefined): void {
  const workers = () => count('-w, --workers <n>', 'worker processes (default: chosen by the number of cores)')
  const epochs = () => count('-e, --epochs <n>', "(default: the run's)")

  haba
    .command('evaluate')
    .summary('test a finished set again: other protocol, other networks')
    .description(
      'Trains fresh networks on the set of a run and tests them on real data, several at a time. Prints a table, and ' +
        'writes evaluation-PROTOCOL-NETWORK.json for each kind of network into the run folder, or beside the file of ' +
        '`haba pack`. Real images of as many bytes are tested beside it. With --config, tests images that other tools made: ' +
        'a folder for each class, or x_train and y_train (or targets) in an .npz file; in this process, beside nothing.',
    )
    .argument('<run>', 'a run folder, a file of `haba pack`, or, with --config, a folder of images or an .npz file')
    .option('-c, --config <file>', 'of images from elsewhere: their data, preprocessing, network and protocol')
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
    .addOption(allowPlugin())
    .action((run: string, { config, ...options }: EvaluateOptions & Partial<EvaluateImagesOptions>) =>
      config === undefined
        ? usingRun(run, 'haba evaluate', () => evaluateCommand(run, options, terminal, signal))
        : evaluateImagesCommand(run, { config, ...options }, terminal, signal),
    )

  haba
    .command('budget')
    .summary('exactly what sets will store, before any run')
    .description(
      'Counts bytes and values part by part, and the images a class that have as many values. Reads no data beyond its ' +
        'shape. For several configurations it first prints how much their budgets differ.',
    )
    .argument('<configs...>', 'configuration files, also those of runs')
    .addOption(
      new Option(
        '--image <height,width,channels>',
        'shape of an image, if it is known only after reading the data',
      ).argParser((text) => text.split(',').map(whole(1)) as unknown),
    )
    .addOption(count('--classes <n>', 'with --image'))
    .addOption(setOption())
    .addOption(allowPlugin())
    .action((configs: string[], options: BudgetOptions) => budgetCommand(configs, options, terminal))

  haba
    .command('scores')
    .summary('scores of a set without the effect of labels and augmentation')
    .description(
      'Trains networks on the set and on random images of as many bytes, with and without augmentation; prints ' +
        "DD-Ranking's scores, the gain at equal bytes and the recovery of full data. Writes scores.json.",
    )
    .argument('<run>', 'a run folder')
    .addOption(count('-k, --seeds <n>', "fresh networks of each (default: the run's)"))
    .addOption(epochs())
    .option(...flags.data)
    .option(...flags.engine)
    .addOption(allowPlugin())
    .action((run: string, options: ScoresOptions) =>
      owningRun(run, 'haba scores', () => scoresCommand(run, options, terminal, signal)),
    )

  haba
    .command('continual')
    .summary('classes that arrive in steps: does the set remember them?')
    .description(
      "Distills each step's classes as the run was distilled, trains networks from scratch on all memory so far, and " +
        'compares with random images and herding (uint8) of as many bytes as the file of the step holds. With a codec that limits the ' +
        "bytes of the set, a step's set may take its classes' share. Writes continual-STEPS.json.",
    )
    .argument('<run>', 'a run folder')
    .addOption(
      count('-s, --steps <n>', 'number of steps in which all classes arrive; 5 or 10 in the papers').default(5),
    )
    .addOption(count('-o, --orders <n>', "orders of the classes, by numpy's seeds 0, 1, …").default(1))
    .addOption(count('-k, --seeds <n>', 'fresh networks at each step').default(3))
    .addOption(epochs())
    .option(...flags.data)
    .option(...flags.engine)
    .addOption(allowPlugin())
    .action((run: string, options: ContinualOptions) =>
      owningRun(run, 'haba continual', () => continualCommand(run, options, terminal, signal)),
    )

  haba
    .command('search')
    .summary('architecture search: does the set find the best network?')
    .description(
      'Trains many ConvNets on the set and on all data, and compares how the two rank them. Finished trainings are kept ' +
        'in search.jsonl; after an interruption the same command resumes.',
    )
    .argument('<run>', 'a run folder')
    .option('--space <json>', 'parts of the space, such as {"width":[32],"depth":[2,3]} (default: all 720 networks)')
    .addOption(count('--sample <n>', 'this many of them, at random'))
    .addOption(count('-e, --epochs <n>', 'on the set').default(200))
    .addOption(count('--real-epochs <n>', 'on all data').default(200))
    .addOption(workers())
    .option(...flags.data)
    .option(...flags.engine)
    .addOption(allowPlugin())
    .action((run: string, options: SearchOptions) =>
      owningRun(run, 'haba search', () => searchCommand(run, options, terminal, signal)),
    )

  haba.command('worker', { hidden: true }).action(runWorker)
}
