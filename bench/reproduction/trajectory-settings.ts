import type { DatasetName, Size } from './published.js'

/** What trajectory matching is run with: a row of the MTT authors' table. */
export interface TrajectorySettings {
  /** Student steps. */
  readonly steps: number
  readonly expertEpochs: number
  readonly maxStartEpoch: number
  /** Synthetic images a student step. @default all */
  readonly batch?: number
  readonly zca: boolean
  /** Of the images or bases. */
  readonly rate: number
  /** Of the student's step size. */
  readonly rateRate: number
  /** The student's step size at first. */
  readonly first: number
  /** Not published: taken over from what is nearest, as the words say. */
  readonly inferred?: string
}

type Settings = Readonly<Record<Size, TrajectorySettings>>
type Row = readonly [steps: number, expertEpochs: number, start: number, zca: boolean, rate: number, rateRate: number]

const settings = ([steps, expertEpochs, maxStartEpoch, zca, rate, rateRate]: Row, first: number, more = {}) => ({
  steps,
  expertEpochs,
  maxStartEpoch,
  zca,
  rate,
  rateRate,
  first,
  ...more,
})

const fromFred = {
  inferred: "MTT printed no SVHN: FreD's settings for it, and the rates of the images as for CIFAR-10",
}
const fromMtt = { inferred: "HaBa's scripts are for CIFAR-10 alone: what MTT was run with here, HaBa's momenta" }

/** MTT, as its authors told the DC benchmark; SVHN as FreD ran it. */
export const mttSettings: Readonly<Record<Exclude<DatasetName, 'mnist'>, Settings>> = {
  cifar10: {
    1: settings([50, 2, 2, true, 100, 1e-7], 0.01),
    10: settings([30, 2, 20, true, 100, 1e-5], 0.001),
    50: settings([30, 2, 40, false, 1000, 1e-5], 0.001),
  },
  cifar100: {
    1: settings([20, 3, 20, true, 1000, 1e-5], 0.01),
    10: settings([20, 2, 20, false, 1000, 1e-5], 0.01),
    50: settings([80, 2, 40, true, 1000, 1e-5], 0.01, { batch: 125 }),
  },
  svhn: {
    1: settings([50, 2, 5, false, 100, 1e-7], 0.01, fromFred),
    10: settings([30, 2, 15, false, 100, 1e-5], 0.01, fromFred),
    50: settings([40, 2, 40, false, 1000, 1e-5], 0.001, fromFred),
  },
}

const inferred = (of: Settings): Settings => ({
  1: { ...of[1], ...fromMtt },
  10: { ...of[10], ...fromMtt },
  50: { ...of[50], ...fromMtt },
})

/** HaBa's released scripts. */
export const habaSettings: Readonly<Record<Exclude<DatasetName, 'mnist'>, Settings>> = {
  cifar10: {
    1: settings([50, 2, 2, true, 100, 1e-7], 0.01),
    10: settings([30, 2, 20, true, 100, 1e-5], 0.001),
    50: settings([30, 2, 20, true, 100, 1e-5], 0.01),
  },
  cifar100: inferred(mttSettings.cifar100),
  svhn: inferred(mttSettings.svhn),
}

/** The last epoch of an expert that any cell with the same experts reads: 50, as published, would be trained in vain. */
export const neededEpochs = (of: Settings, zca: boolean): number =>
  Math.max(
    ...Object.values(of)
      .filter((one) => one.zca === zca)
      .map(({ maxStartEpoch, expertEpochs }) => maxStartEpoch - 1 + expertEpochs),
  )
