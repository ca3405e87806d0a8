import { checkArguments, HabaError } from '@haba/core'

/** The four accuracies of the label-robust score, as fractions. */
export interface LabelRobustOptions {
  /** Trained on all real data, with hard labels. */
  readonly realHard: number
  /** Trained on the set, with hard labels. */
  readonly setHard: number
  /** Trained on the set with its method's labels, soft or hard. */
  readonly setAny: number
  /** Trained on as many random real images, with labels of the same kind as `setAny`. */
  readonly randomAny: number
  /** Weight of the improvement over random, `0 … 1`. @default 0.5 */
  readonly weight?: number
}

/** A score with what it is made of. */
export interface LabelRobustScore {
  /** `realHard - setHard`: the loss with hard labels. */
  readonly hardLabelRecovery: number
  /** `setAny - randomAny`: the gain over random images. */
  readonly improvementOverRandom: number
  /** `0 … 1`; 1 is best. */
  readonly score: number
}

/**
 * DD-Ranking's label-robust score: the quality of a set without the benefit of soft labels. Accuracies are fractions; the
 * released package passes percentages to the exponential.
 */
export function labelRobustScore(options: LabelRobustOptions): LabelRobustScore {
  checkArguments('labelRobustScore', options, {
    realHard: 'number',
    setHard: 'number',
    setAny: 'number',
    randomAny: 'number',
  })
  const { realHard, setHard, setAny, randomAny, weight = 0.5 } = options
  fractions('labelRobustScore', { realHard, setHard, setAny, randomAny, weight })
  const hardLabelRecovery = realHard - setHard
  const improvementOverRandom = setAny - randomAny
  const score = normalized(weight * improvementOverRandom - (1 - weight) * hardLabelRecovery)
  return { hardLabelRecovery, improvementOverRandom, score }
}

/** The four accuracies of the augmentation-robust score, as fractions. */
export interface AugmentationRobustOptions {
  readonly setAugmented: number
  readonly randomAugmented: number
  /** The set, trained without augmentation. */
  readonly setPlain: number
  readonly randomPlain: number
  /** Weight of the improvement with augmentation, `0 … 1`. @default 0.5 */
  readonly weight?: number
}

/** A score with what it is made of. */
export interface AugmentationRobustScore {
  /** Improvements over random images. */
  readonly withAugmentation: number
  readonly withoutAugmentation: number
  /** `0 … 1`; 1 is best. */
  readonly score: number
}

/** DD-Ranking's augmentation-robust score: the quality of a set with and without augmentation in training. */
export function augmentationRobustScore(options: AugmentationRobustOptions): AugmentationRobustScore {
  checkArguments('augmentationRobustScore', options, {
    setAugmented: 'number',
    randomAugmented: 'number',
    setPlain: 'number',
    randomPlain: 'number',
  })
  const { setAugmented, randomAugmented, setPlain, randomPlain, weight = 0.5 } = options
  fractions('augmentationRobustScore', { setAugmented, randomAugmented, setPlain, randomPlain, weight })
  const withAugmentation = setAugmented - randomAugmented
  const withoutAugmentation = setPlain - randomPlain
  const score = normalized(weight * withAugmentation + (1 - weight) * withoutAugmentation)
  return { withAugmentation, withoutAugmentation, score }
}

/** Maps `-1 … 1` to `0 … 1` on an exponential scale. */
const normalized = (alpha: number) => (Math.exp(alpha) - Math.exp(-1)) / (Math.E - Math.exp(-1))

/** Accuracy with the set divided by accuracy with all real data. */
export function recoveryRatio(set: number, fullData: number): number {
  fractions('recoveryRatio', { set, fullData })
  return set / fullData
}

/** An accuracy and the size of its set. */
export interface SizedAccuracy {
  readonly bytes: number
  readonly mean: number
}

/**
 * Interpolates a method's accuracy at another size, linearly in the logarithm of the size. Undefined outside the measured
 * sizes: it never extrapolates.
 */
export function accuracyAtBytes(measured: readonly SizedAccuracy[], bytes: number): number | undefined {
  const below = measured.filter((one) => one.bytes <= bytes).sort((a, b) => b.bytes - a.bytes)[0]
  const above = measured.filter((one) => one.bytes >= bytes).sort((a, b) => a.bytes - b.bytes)[0]
  if (!below || !above) return undefined
  if (below.bytes === above.bytes) return below.mean
  const part = Math.log(bytes / below.bytes) / Math.log(above.bytes / below.bytes)
  return below.mean + part * (above.mean - below.mean)
}

function fractions(who: string, values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values))
    if (!(value >= 0 && value <= 1))
      throw new HabaError(who, `${name} as a fraction, 0 … 1`, `${value}`, 'Divide percentages by 100.')
}
