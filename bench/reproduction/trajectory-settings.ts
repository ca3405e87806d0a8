import { fredPresets, mttPresets, type TrajectoryPreset } from '@haba/matching'
import type { DatasetName, Size } from './published.js'

/** What trajectory matching is run with: a published row, nothing left out. */
export interface TrajectorySettings extends Required<Omit<TrajectoryPreset, 'batch' | 'depth'>> {
  readonly batch?: number
  /** Not published: taken over from what is nearest, as the words say. */
  readonly inferred?: string
}

type Settings = Readonly<Record<Size, TrajectorySettings>>

const fromFred = (size: Size): TrajectorySettings => ({
  ...fredPresets.svhn[size],
  imageRate: mttPresets.cifar10[size].imageRate!,
  learningRate: fredPresets.svhn[size].learningRate!,
  rateRate: fredPresets.svhn[size].rateRate!,
  inferred: "MTT printed no SVHN: FreD's settings for it, and the rates of the images as for CIFAR-10",
})

/** MTT, as its authors told the DC benchmark; SVHN as FreD ran it. */
export const mttSettings = {
  cifar10: mttPresets.cifar10 as Settings,
  cifar100: mttPresets.cifar100 as Settings,
  svhn: { 1: fromFred(1), 10: fromFred(10), 50: fromFred(50) },
} as const satisfies Record<Exclude<DatasetName, 'mnist'>, Settings>

const fromMtt = { inferred: "HaBa's scripts are for CIFAR-10 alone: what MTT was run with here, HaBa's momenta" }
const inferred = (of: Settings): Settings => ({
  1: { ...of[1], ...fromMtt },
  10: { ...of[10], ...fromMtt },
  50: { ...of[50], ...fromMtt },
})

/** HaBa's released scripts: MTT's rows for 1 and 10 images a class, and the latter at another first step size for 50. */
export const habaSettings = {
  cifar10: {
    1: mttSettings.cifar10[1],
    10: mttSettings.cifar10[10],
    50: { ...mttSettings.cifar10[10], learningRate: 0.01 },
  },
  cifar100: inferred(mttSettings.cifar100),
  svhn: inferred(mttSettings.svhn),
} as const satisfies Record<Exclude<DatasetName, 'mnist'>, Settings>

/** The last epoch of an expert that any cell with the same experts reads: 50, as published, would be trained in vain. */
export const neededEpochs = (of: Settings, whitened: boolean): number =>
  Math.max(
    ...Object.values(of)
      .filter((one) => one.whitened === whitened)
      .map(({ maxStartEpoch, expertEpochs }) => maxStartEpoch - 1 + expertEpochs),
  )
