import { sizeOf, type ImageContext, type StorageReport } from '@haba/core'

/** A part that a set stores or needs. */
export interface BudgetPart {
  readonly name: string
  readonly floats: number
  readonly bytes: number
  /** False for parts that belong to the data and are the same for every set, such as a whitening matrix. */
  readonly counted: boolean
}

/** The exact storage of a set. */
export interface SetBudget {
  readonly parts: readonly BudgetPart[]
  /** Values of the counted parts. */
  readonly floats: number
  /** Bytes of the counted parts, labels included. */
  readonly bytes: number
  /** Images per class with as many values. */
  readonly imagesPerClass: number
}

/** Options of `budgetOfSet`. */
export interface SetBudgetOptions extends ImageContext {
  /** The parameterization's report: images or bases, decoder, labels. */
  readonly storage: StorageReport
  /** Floats of learned values that are needed to use the set, by name, such as MTT's step size. */
  readonly learned?: Readonly<Record<string, number>>
  /** Floats of the preprocessing: means and deviations, or a whitening matrix. */
  readonly transform?: number
}

/** Floats and bytes of a set by part. */
export function budgetOfSet({ storage, learned = {}, transform, image, classes }: SetBudgetOptions): SetBudget {
  const part = (name: string, floats: number, counted: boolean) => ({ name, floats, bytes: 4 * floats, counted })
  const parts: readonly BudgetPart[] = [
    ...storage.parts.map((one) => ({ ...one, counted: true })),
    ...Object.entries(learned).map(([name, floats]) => part(name, floats, true)),
    ...(transform === undefined ? [] : [part('transform', transform, false)]),
  ]
  const total = (of: 'floats' | 'bytes') => parts.reduce((sum, one) => sum + (one.counted ? one[of] : 0), 0)
  const floats = total('floats')
  return { parts, floats, bytes: total('bytes'), imagesPerClass: floats / (classes * sizeOf(image)) }
}

/** The budget of a named set, for comparisons. */
export interface NamedBudget {
  readonly name: string
  readonly floats: number
  readonly bytes: number
}

/** One line that says how budgets differ; every comparison starts with it. */
export function budgetDifference([first, ...others]: readonly [NamedBudget, ...NamedBudget[]]): string {
  if (others.every(({ bytes }) => bytes === first.bytes))
    return others.every(({ floats }) => floats === first.floats)
      ? `Equal budgets: ${count(first.bytes)} bytes, ${count(first.floats)} values.`
      : `Equal budgets of ${count(first.bytes)} bytes; values: ${[first, ...others].map(({ name, floats }) => `${name} ${count(floats)}`).join(', ')}.`
  const differences = others.map(({ name, bytes }) => `${name} ${difference(bytes, first.bytes)}`)
  return `Unequal budgets. Against the ${count(first.bytes)} bytes of ${first.name}: ${differences.join('; ')}.`
}

function difference(bytes: number, than: number): string {
  if (bytes === than) return 'as many'
  const share = (100 * Math.abs(bytes - than)) / than
  const percent = share < 0.05 ? 'less than 0.1' : share.toFixed(1)
  return `${count(Math.abs(bytes - than))} ${bytes > than ? 'more' : 'fewer'} (${percent} %)`
}

const count = (n: number) => n.toLocaleString('en-US')
