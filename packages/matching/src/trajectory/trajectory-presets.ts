/** Settings of one published row of trajectory matching. */
export interface TrajectoryPreset {
  /** Student steps (`syn_steps`). */
  readonly steps: number
  readonly expertEpochs: number
  readonly maxStartEpoch: number
  /** Synthetic images a student step (`batch_syn`); absent: all of them. */
  readonly batch?: number
  /** The student's first step size (`lr_teacher`). Absent where the source does not say. */
  readonly learningRate?: number
  /** Step size of SGD on that step size (`lr_lr`), momentum 0.5. Absent where the source does not say. */
  readonly rateRate?: number
  /** Step size of SGD on the images (`lr_img`), momentum 0.5. Absent where the source does not say. */
  readonly imageRate?: number
  /** Whether images, those of the experts too, are whitened. */
  readonly whitened: boolean
  /** Blocks of the ConvNet of width 128. */
  readonly depth: number
}

/** Presets by data set, then by images a class. */
export type TrajectoryPresets = Readonly<Record<string, Readonly<Record<number, TrajectoryPreset>>>>

type Numbers = readonly [
  steps: number,
  expertEpochs: number,
  maxStartEpoch: number,
  batch: number | undefined,
  imageRate: number | undefined,
  rateRate: number | undefined,
  rate: number | undefined,
  whitened: boolean,
]

const at = (depth: number, numbers: Numbers): TrajectoryPreset => {
  const [steps, expertEpochs, maxStartEpoch, batch, imageRate, rateRate, rate, whitened] = numbers
  return {
    steps,
    expertEpochs,
    maxStartEpoch,
    ...(batch !== undefined && { batch }),
    ...(rate !== undefined && { learningRate: rate }),
    ...(rateRate !== undefined && { rateRate }),
    ...(imageRate !== undefined && { imageRate }),
    whitened,
    depth,
  }
}

const all = undefined
const unsaid = undefined

/**
 * MTT's rows (Cazenavette et al., CVPR 2022) as their author gave them to DC-BENCH. The table in MTT's own readme says an
 * image rate of 1e5 for CIFAR-10 at 10 images a class, a typo at which step sizes explode (issue 31 there); its example
 * for ImageNet says 1000, its issue 1 the 1e5 that is here.
 */
export const mttPresets = {
  cifar10: {
    1: at(3, [50, 2, 2, all, 100, 1e-7, 0.01, true]),
    10: at(3, [30, 2, 20, all, 100, 1e-5, 0.001, true]),
    50: at(3, [30, 2, 40, all, 1000, 1e-5, 0.001, false]),
  },
  cifar100: {
    1: at(3, [20, 3, 20, all, 1000, 1e-5, 0.01, true]),
    10: at(3, [20, 2, 20, all, 1000, 1e-5, 0.01, false]),
    50: at(3, [80, 2, 40, 125, 1000, 1e-5, 0.01, true]),
  },
  tinyImageNet: {
    1: at(4, [10, 2, 10, all, 1e4, 0.0001, 0.01, false]),
    10: at(4, [20, 2, 40, 200, 1e4, 0.0001, 0.01, false]),
    50: at(4, [20, 2, 40, 300, 1e4, 0.0001, 0.01, false]),
  },
  imageNetSubsets: {
    1: at(5, [20, 2, 10, all, 1e5, 1e-6, 0.01, false]),
    10: at(5, [20, 2, 10, 20, 1e5, 1e-6, 0.01, false]),
  },
} as const satisfies TrajectoryPresets

/** The rows of FTD's table (Du et al., CVPR 2023), which whitens all of CIFAR. */
export const ftdPresets = {
  cifar10: {
    1: at(3, [50, 2, 2, all, 100, 1e-7, 0.01, true]),
    10: at(3, [30, 2, 20, all, 100, 1e-5, 0.001, true]),
    50: at(3, [30, 2, 40, all, 1000, 1e-5, 0.01, true]),
  },
  cifar100: {
    1: at(3, [40, 3, 20, all, 1000, 1e-5, 0.01, true]),
    10: at(3, [20, 2, 40, all, 1000, 1e-5, 0.01, true]),
    50: at(3, [80, 2, 40, 1000, 1000, 1e-5, 0.01, true]),
  },
  tinyImageNet: {
    1: at(4, [30, 2, 10, all, 1e4, 0.0001, unsaid, false]),
    10: at(4, [20, 2, 40, 500, 1e4, 0.0001, unsaid, false]),
  },
} as const satisfies TrajectoryPresets

/**
 * FreD's rows of trajectory matching (Shin et al., NeurIPS 2023): data sets that MTT did not report, and on CIFAR-10 the
 * budgets 2, 11 and 51, which store as much as HaBa with 1, 10 and 50 bases a class and 5 hallucinators.
 */
export const fredPresets = {
  mnist: {
    1: at(3, [50, 2, 5, all, unsaid, 1e-7, 0.01, false]),
    10: at(3, [30, 2, 15, all, unsaid, 1e-5, 0.01, false]),
  },
  fashionMnist: {
    1: at(3, [50, 2, 5, all, unsaid, 1e-7, 0.01, false]),
    10: at(3, [60, 2, 15, all, unsaid, 1e-5, 0.01, false]),
  },
  svhn: {
    1: at(3, [50, 2, 5, all, unsaid, 1e-7, 0.01, false]),
    10: at(3, [30, 2, 15, all, unsaid, 1e-5, 0.01, false]),
    50: at(3, [40, 2, 40, all, unsaid, 1e-5, 0.001, false]),
  },
  cifar10: {
    1: at(3, [50, 2, 5, all, unsaid, 1e-7, 0.01, false]),
    2: at(3, [50, 2, 5, all, unsaid, 1e-7, 0.01, false]),
    10: at(3, [40, 2, 15, all, unsaid, 1e-5, 0.01, false]),
    11: at(3, [40, 2, 15, all, unsaid, 1e-5, 0.01, false]),
    50: at(3, [30, 2, 40, all, unsaid, 1e-5, 0.001, false]),
    51: at(3, [30, 2, 40, all, unsaid, 1e-5, 0.001, false]),
  },
  cifar100: {
    1: at(3, [50, 2, 15, all, unsaid, 1e-5, 0.01, false]),
    10: at(3, [20, 2, 40, all, unsaid, 1e-5, 0.01, false]),
    50: at(3, [80, 2, 40, all, unsaid, 1e-5, 0.01, false]),
  },
  tinyImageNet: {
    1: at(4, [30, 2, 30, all, unsaid, 0.0001, 0.01, false]),
    10: at(4, [40, 2, 40, all, unsaid, 0.0001, 0.01, false]),
    50: at(4, [40, 2, 40, all, unsaid, 0.0001, 0.01, false]),
  },
  imageNetSubsets: {
    1: at(5, [20, 2, 10, all, unsaid, 1e-6, 0.01, false]),
    2: at(5, [20, 2, 10, all, unsaid, 1e-6, 0.01, false]),
    10: at(5, [20, 2, 10, all, unsaid, 1e-6, 0.01, false]),
  },
} as const satisfies TrajectoryPresets

/** The rows of TESLA's readme (Cui et al., ICML 2023), for `tesla` differentiation; ImageNet's takes `expertLabels`. */
export const teslaPresets = {
  cifar10: {
    1: at(3, [50, 2, 5, all, 1000, 1e-7, 0.01, false]),
  },
  cifar100: {
    50: at(3, [80, 2, 40, 125, 1000, 1e-5, 0.01, true]),
  },
  imageNet: {
    1: at(4, [10, 3, 10, 100, 1e4, 0.0001, 0.01, false]),
  },
} as const satisfies TrajectoryPresets
