import { checkCount, HabaError } from '@haba/core'

/** Accuracies on real images, the latest last. */
export type Watch = { readonly seen: readonly number[]; readonly last: number }

/** The value recorded for a measurement. @param last the value recorded before it, 0 at first */
export type Accumulation = (accuracy: number, last: number, classes: number) => number

/** Every measurement by itself, as in the paper. */
export const plainAccuracy: Accumulation = (accuracy) => accuracy

/**
 * The released code, which produced the published numbers, does not reset its sum, so a share of the last value
 * remains.
 */
export const leakingAccuracy: Accumulation = (accuracy, last, classes) => accuracy + last / classes

/** Options of `dynamicStop`. */
export interface DynamicStopOptions {
  /** Measurements that are compared. @default 10 */
  readonly window?: number
  /** Stop with this network when accuracies differ by less (λ1). @default 0.04 */
  readonly settled?: number
  /** Update the set again when accuracies differ by more (λ2). @default 0.03 */
  readonly moved?: number
  /** Real images a class and measurement. @default 128 */
  readonly perClass?: number
  /** The most steps under one network; the paper has no bound. @default Infinity */
  readonly maxSteps?: number
  /** The most epochs between two steps; the paper has no bound and may not end. @default 100 */
  readonly maxEpochs?: number
  /** @default plainAccuracy */
  readonly accumulation?: Accumulation
}

/** Decides when a network is replaced, and when it was trained enough for the next step. */
export interface DynamicStop {
  readonly perClass: number
  readonly empty: Watch
  add(watch: Watch, accuracy: number, classes: number): Watch
  /** Whether the network is to be replaced. @param steps of the set under it */
  replaces(watch: Watch, steps: number): boolean
  /** Whether it was trained enough. @param epochs since the last step */
  resumes(watch: Watch, epochs: number): boolean
}

/** CAFE's dynamic bi-level schedule (Wang et al., CVPR 2022, §3.4): loops end by changes of accuracy, not by counts. */
export function dynamicStop({
  window = 10,
  settled = 0.04,
  moved = 0.03,
  perClass = 128,
  maxSteps = Infinity,
  maxEpochs = 100,
  accumulation = plainAccuracy,
}: DynamicStopOptions = {}): DynamicStop {
  const who = 'dynamicStop'
  checkCount(who, 'window', window, 2)
  checkCount(who, 'perClass', perClass)
  if (maxSteps !== Infinity) checkCount(who, 'maxSteps', maxSteps)
  if (maxEpochs !== Infinity) checkCount(who, 'maxEpochs', maxEpochs, 0)
  for (const [name, value] of Object.entries({ settled, moved }))
    if (!(value >= 0)) throw new HabaError(who, `${name} of at least 0`, `${value}`, 'Use a difference of accuracies.')
  const spread = ({ seen }: Watch) => (seen.length < window ? undefined : Math.max(...seen) - Math.min(...seen))
  return {
    perClass,
    empty: { seen: [], last: 0 },
    add: ({ seen, last }, accuracy, classes) => {
      const value = accumulation(accuracy, last, classes)
      return { seen: [...seen, value].slice(-window), last: value }
    },
    replaces: (watch, steps) => steps >= maxSteps || (spread(watch) ?? Infinity) < settled,
    resumes: (watch, epochs) => epochs >= maxEpochs || (spread(watch) ?? 0) > moved,
  }
}
