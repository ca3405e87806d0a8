import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { drawClasses } from '../../packages/cli/src/made-up-images.test-data.js'

/** A command that is killed. Everything lies in a folder of its own, that paths are relative to. */
export interface Job {
  readonly name: string
  readonly command: readonly string[]
  /** After a kill: the command that goes on, where `exists` is there; else `command` again. */
  readonly resumed?: { readonly command: readonly string[]; readonly exists: string }
  /** Files of JSON that also hold how long something took. */
  readonly timed?: readonly string[]
  /** Jobs whose files it reads, which are done before and not killed. */
  readonly after: readonly string[]
}

const sgd = { learningRate: 0.1, momentum: 0.5 }
const data = { use: 'image-folder', root: 'images', cache: 'cache' }
const network = { use: 'convnet', depth: 1, width: 4 }
const evaluate = {
  protocol: 'ours',
  validation: 0.25,
  learningRates: [0.01, 0.1],
  trialNetworks: 1,
  epochs: 2,
  networks: 1,
}

/** HaBa with its game, its bytes coded, beside pixels and real images: most of the files that a run may have. */
const haba = {
  data,
  network,
  augmentation: 'flip_scale',
  set: { use: 'factorized', basesPerClass: 2, hallucinators: 2 },
  games: [{ use: 'adversarial-contrast' }],
  codec: { bits: 4 },
  objective: { use: 'distribution-matching', realPerClass: 4 },
  optimizer: { bases: sgd, hallucinators: sgd },
  steps: 3,
  checkpointEvery: 1,
  evaluate,
  compare: { random: true, herding: true, pixels: { optimizer: { images: sgd } }, selection: { epochs: 1 } },
}

const trajectories = {
  data,
  network,
  set: { use: 'pixels', perClass: 1 },
  objective: {
    use: 'trajectory-matching',
    experts: 'experts',
    steps: 2,
    expertEpochs: 1,
    maxStartEpoch: 1,
    learningRate: 0.02,
  },
  optimizer: { images: { learningRate: 10 } },
  objectiveOptimizer: { rate: { learningRate: 1e-4 } },
  steps: 4,
  checkpointEvery: 2,
  evaluate: { protocol: 'dsa', epochs: 2, networks: 1, learningRate: 'learned' },
  experts: { folder: 'experts', count: 2, epochs: 2, batch: 8 },
  compare: { random: true },
}

/** Writes what all jobs start from. */
export async function writeInputs(folder: string): Promise<void> {
  await drawClasses(join(folder, 'images/train'), { ant: 16, bee: 16, cat: 16 })
  await drawClasses(join(folder, 'images/test'), { ant: 6, bee: 6, cat: 6 }, { seed: 2 })
  await writeFile(join(folder, 'haba.json'), JSON.stringify({ name: 'haba', ...haba }))
  await writeFile(join(folder, 'trajectories.json'), JSON.stringify({ name: 'trajectories', ...trajectories }))
}

const distill = (name: string, after: readonly string[] = []): Job => ({
  name: `distill ${name}`,
  command: ['distill', `${name}.json`, '--out', `runs/${name}`],
  resumed: { command: ['distill', '--resume', `runs/${name}`], exists: `runs/${name}/config.json` },
  after,
})

const of = (command: string, ...options: readonly string[]): Job => ({
  name: command,
  command: [command, 'runs/haba', ...options],
  after: ['distill haba'],
})

/** Every command that writes files. */
export const jobs: readonly Job[] = [
  distill('haba'),
  { name: 'experts', command: ['experts', 'trajectories.json'], after: [] },
  distill('trajectories', ['experts']),
  { name: 'encode', command: ['encode', 'runs/haba', '--bits', '3', '--out', 'runs/encoded'], after: ['distill haba'] },
  of('evaluate', '--networks', 'convnet,mlp', '--seeds', '2', '--epochs', '2', '--workers', '2'),
  of('continual', '--steps', '3', '--seeds', '1', '--epochs', '2'),
  {
    ...of(
      'search',
      '--sample',
      '2',
      '--space',
      '{"width":[32],"depth":[1]}',
      '--epochs',
      '1',
      '--real-epochs',
      '1',
      '--workers',
      '2',
    ),
    timed: ['runs/haba/search.json', 'runs/haba/search.jsonl'],
  },
  of('scores', '--seeds', '1', '--epochs', '2'),
  of('show'),
  of('pack'),
  {
    ...of('export', '--to', 'npz', '--out', 'exported'),
    // The folder appears whole: then nothing is left to do.
    resumed: { command: ['recipes'], exists: 'exported' },
  },
  {
    name: 'compare',
    command: ['compare', 'runs/haba', 'runs/trajectories'],
    after: ['distill haba', 'distill trajectories'],
  },
]
