import { coefficients, shapes, type DatasetName, type Parameterization } from './axes.js'
import type { Cell } from './cells.js'
import { epochsOf, realOfDm, stepsOf, testBatch } from './effort.js'
import { optimizerOf, ratesOf, type RatesFile } from './rates.js'
import type { SetChoice } from './sets.js'

/** A configuration file of a cell. */
export type CellConfig = Readonly<Record<string, unknown>> & {
  readonly name: string
  readonly seed: number
  readonly steps: number
  readonly objective: Readonly<Record<string, unknown>>
  readonly evaluate: { readonly epochs: number; readonly networks: number }
}

/** Where the image folder of CIFAR-10 lies, and where experts do, from the root of the repository. */
const dataFolder = 'data/cifar10'
const expertsFolder = 'experts/map'

/** Networks that are trained on the set of each seed. */
export const networks = 3
/** Sets of one cell. */
export const seeds = [1, 2] as const

const augmentation = {
  mnist: 'color_crop_cutout_scale_rotate',
  cifar10: 'color_crop_cutout_flip_scale_rotate',
} as const

const data = {
  mnist: { use: 'mnist' },
  cifar10: { use: 'image-folder', root: dataFolder, name: 'cifar10' },
} as const

/** Epochs at which students start, and up to which experts are followed; how many experts, and how students learn. */
const trajectories = {
  mnist: { maxStartEpoch: 3, count: 10, rate: 0.02, rateRate: 1e-4 },
  cifar10: { maxStartEpoch: 2, count: 6, rate: 0.01, rateRate: 1e-5 },
} as const
const expertEpochs = 2

/** What a cell's set is distilled with. */
function objectiveOf({ dataset, objective, effort }: Cell, { items, images }: SetChoice): object {
  const { real, student, width } = effort
  if (objective === 'dm') {
    const realPerClass = realOfDm(effort, { images, classes: shapes[dataset].classes })
    return { objective: { use: 'distribution-matching', realPerClass } }
  }
  if (objective === 'dsa')
    return { objective: { use: 'gradient-matching', realPerClass: real.dsa, outer: 1, inner: 1 } }
  const { maxStartEpoch, count, rate, rateRate } = trajectories[dataset]
  const folder = `${expertsFolder}/${dataset}-${width}`
  return {
    objective: {
      use: 'trajectory-matching',
      experts: folder,
      steps: student.steps,
      expertEpochs,
      maxStartEpoch,
      learningRate: rate,
      ...(items > student.batch && { batch: student.batch }),
    },
    experts: { folder, count, epochs: maxStartEpoch - 1 + expertEpochs },
    objectiveOptimizer: { rate: { learningRate: rateRate, momentum: 0.5, clampBelow: 0.001 } },
  }
}

/** Coefficients are rounded in the last two thirds of a run; hallucinators are no images. */
function codedAs(dataset: DatasetName, of: Parameterization, bytes: number): object {
  const { block, step } = coefficients[dataset]
  const parts = of === 'haba-repaired' && { parts: { hallucinators: { transform: 'none', bits: 8 } } }
  return { transform: 'dct', block, step, bytes, during: 0.67, ...parts }
}

/** The configuration that a cell's set of this size is distilled and tested with. */
export function configOf(cell: Cell, choice: SetChoice, seed: number, searched?: RatesFile): CellConfig {
  const { name, dataset, objective, of, codec, effort, bytes, epochSees, more = {} } = cell
  const { set, items, images } = choice
  const { classes } = shapes[dataset]
  const matching = objectiveOf(cell, choice) as { readonly objective: object }
  const { objective: options, ...sections } = more
  return {
    name: `${name}-${seed}`,
    seed,
    data: data[dataset],
    network: { use: 'convnet', depth: 3, width: effort.width },
    augmentation: augmentation[dataset],
    set,
    ...matching,
    optimizer: optimizerOf(of, ratesOf(cell, searched).rates),
    steps: stepsOf(objective, effort, { items, images, classes }),
    checkpointEvery: 50,
    evaluate: {
      protocol: objective === 'mtt' ? 'mtt' : 'dsa',
      ...(objective === 'mtt' && { learningRate: 'learned' }),
      epochs: epochsOf(effort, epochSees ?? items),
      batch: testBatch,
      networks,
    },
    compare: { random: false },
    ...(codec !== 32 && { codec: codec === 'dct' ? codedAs(dataset, of, bytes) : { bits: codec } }),
    ...sections,
    objective: { ...matching.objective, ...options },
  } as unknown as CellConfig
}
