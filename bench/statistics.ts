import { HabaError } from '@haba/core'

/** The middle of a list, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new HabaError('median', 'at least one value', 'none', 'Run a round first.')
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

/** Milliseconds in words. */
export const duration = (milliseconds: number): string =>
  milliseconds < 1000 ? `${milliseconds.toFixed(1)} ms` : `${(milliseconds / 1000).toFixed(2)} s`

/** Bytes in words. */
export const megabytes = (bytes: number | undefined): string =>
  bytes === undefined ? 'not measured' : `${(bytes / 1e6).toFixed(0)} MB`

/** A part of a whole in words. */
export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`

/** What both sides computed from the same numbers. */
export type Check = Readonly<Record<string, number>>

/** Largest relative difference: losses agree more closely than second-order gradients. */
const tolerance = (name: string) => (name.startsWith('loss') ? 1e-4 : 1e-3)

/** The relative difference of every number. @throws HabaError if one is missing or too large: then the work differs */
export function compare(who: string, ours: Check, theirs: Check): Check {
  const names = new Set([...Object.keys(ours), ...Object.keys(theirs)])
  const differences = [...names].map((name) => {
    const [a, b] = [ours[name] ?? NaN, theirs[name] ?? NaN]
    const difference = a === b ? 0 : Math.abs(a - b) / Math.abs(b)
    if (!(difference <= tolerance(name)))
      throw new HabaError(
        who,
        `the same "${name}" on both sides, to ${tolerance(name)}`,
        `${a} and PyTorch's ${b}`,
        'The two programs do not do the same work: correct one.',
      )
    return [name, difference] as const
  })
  return Object.fromEntries(differences)
}

/** The parts of a closing line. */
export interface Closing {
  readonly name: string
  readonly must: number
  readonly aim: number
  /** PyTorch's median time divided by ours. */
  readonly ratio?: number
  /** Our peak memory divided by PyTorch's. */
  readonly memoryRatio?: number
}

/** `NAME: ratio R (must M, aim A), memory ratio Q` */
export const closingLine = ({ name, must, aim, ratio, memoryRatio }: Closing): string =>
  `${name}: ratio ${ratio?.toFixed(2) ?? 'not measured'} (must ${must}, aim ${aim}), memory ratio ${memoryRatio?.toFixed(2) ?? 'not measured'}`
