import { HabaError, type Augmentation, type Mixing } from '@haba/core'
import { batchStandardization, type BatchTransform, type Phase, type Protocol } from './protocol.js'

/** Settings that a protocol leaves open. */
export interface ProtocolOptions {
  /** @default 0.01 */
  readonly learningRate?: number
  /** Where the learning rate comes from. @default 'fixed', and 'validation' for `ours` */
  readonly rateFrom?: Protocol['rateFrom']
  /** As the released codes count: 1000 means 1001 trained epochs, except for `idc` and `rtp`. */
  readonly epochs?: number
  readonly augmentation?: Augmentation
  /** @default none; IDC's published numbers use cutmix on half of the batches */
  readonly mixing?: Mixing
  /** @default 256; 64 for `idc`, 640 for `rtp` */
  readonly batch?: number
}

interface Preset {
  readonly name: string
  readonly version: number
  readonly epochs: number
  readonly batch: number
  readonly testBatch: number
  readonly phases: (epochs: number) => readonly Phase[]
  /** Epochs trained beyond the option `epochs`. */
  readonly more: 0 | 1
  readonly transform?: BatchTransform
  readonly rateFrom?: Protocol['rateFrom']
  /** @default 5e-4 */
  readonly weightDecay?: number
  readonly choice: string
}

const protocol =
  ({ name, more, phases, epochs: epochsByDefault, batch: batchByDefault, ...preset }: Preset) =>
  (options: ProtocolOptions = {}): Protocol => {
    const { learningRate = 0.01, epochs = epochsByDefault, batch = batchByDefault, augmentation, mixing } = options
    if (!Number.isInteger(epochs) || epochs < 1)
      throw new HabaError(`protocol ${name}`, 'at least 1 epoch', `${epochs}`, '')
    if (!(learningRate > 0))
      throw new HabaError(
        `protocol ${name}`,
        'a learningRate above 0',
        `${learningRate}`,
        'A learned step size may have collapsed.',
      )
    return {
      name,
      ...preset,
      epochs: epochs + more,
      batch,
      rate: learningRate,
      rateFrom: options.rateFrom ?? preset.rateFrom ?? 'fixed',
      momentum: 0.9,
      weightDecay: preset.weightDecay ?? 5e-4,
      phases: phases(epochs),
      ...(augmentation && { augmentation }),
      ...(mixing && { mixing }),
    }
  }

/** A tenth of the learning rate from the middle on, with a new optimizer: from epoch 502 of 0 … 1000. */
const halfTime = (epochs: number): readonly Phase[] => [
  { epoch: 0, factor: 1, newOptimizer: true },
  { epoch: Math.floor(epochs / 2) + 2, factor: 0.1, newOptimizer: true },
]

/** One learning rate for all epochs. */
const constant = (): readonly Phase[] => [{ epoch: 0, factor: 1, newOptimizer: true }]

/** A fifth of the learning rate after two thirds of the epochs, and again after five sixths; velocity is kept. */
const twoThirds = (epochs: number): readonly Phase[] => [
  { epoch: 0, factor: 1, newOptimizer: true },
  { epoch: Math.floor((2 * epochs) / 3), factor: 0.2, newOptimizer: false },
  { epoch: Math.floor((5 * epochs) / 6), factor: 0.2 ** 2, newOptimizer: false },
]

const once = 'The set of the last step; every network is tested once, after its last epoch.'
const published = (how: string) => `${once} Published numbers: ${how}.`
const released = { version: 1, batch: 256, phases: halfTime, more: 1 } as const

/** The protocols of the released codes, and ours, as functions of their open settings. */
export const protocols = {
  /** DC: 300 epochs without augmentation. */
  dc: protocol({
    ...released,
    name: 'dc',
    epochs: 300,
    testBatch: 256,
    choice: published('5 sets of the last iteration, 20 networks each'),
  }),
  /** DSA and DM: 1000 epochs with the siamese augmentation, one draw per image. */
  dsa: protocol({
    ...released,
    name: 'dsa',
    epochs: 1000,
    testBatch: 256,
    choice: published('5 sets of the last iteration, 20 networks each'),
  }),
  /** MTT: as DSA, with the learned step size as its learning rate. */
  mtt: protocol({
    ...released,
    name: 'mtt',
    epochs: 1000,
    testBatch: 128,
    choice: published('5 networks, the best of all evaluations on the test set'),
  }),
  /** HaBa: as MTT, with batch standardization and a random view of every image. */
  haba: protocol({
    ...released,
    name: 'haba',
    epochs: 1000,
    testBatch: 128,
    transform: batchStandardization,
    choice: published('5 networks, the best of 16 evaluations on the test set'),
  }),
  /** IDC: 1000 epochs with batches of 64; use it with IDC's augmentation and cutmix. */
  idc: protocol({
    version: 1,
    name: 'idc',
    epochs: 1000,
    batch: 64,
    testBatch: 128,
    phases: twoThirds,
    more: 0,
    choice: published('3 networks, the best epoch on the test set'),
  }),
  /**
   * RTP (Deng and Russakovsky, NeurIPS 2022; trainer and configuration of the released code): 300 epochs with batches of 640 at
   * one learning rate, without weight decay.
   */
  rtp: protocol({
    version: 1,
    name: 'rtp',
    epochs: 300,
    batch: 640,
    testBatch: 256,
    weightDecay: 0,
    phases: constant,
    more: 0,
    choice: published('10 networks each, of sets tested on the test set every 200 iterations'),
  }),
  /** Ours: the schedule of DSA; checkpoint and learning rate are chosen without the test set (`evaluateChosen`). */
  ours: protocol({
    ...released,
    name: 'ours',
    epochs: 1000,
    testBatch: 256,
    rateFrom: 'validation',
    choice:
      'A validation split of the training data, which distillation never saw, chooses checkpoint and rate; the chosen ' +
      'one alone is tested, every network once, after its last epoch.',
  }),
} as const
