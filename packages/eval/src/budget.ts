import { sizeOf, type ImageContext, type StorageReport } from '@haba/core'

/** A part of what a set stores, or of what it needs. */
export interface BudgetPart {
  readonly name: string
  readonly floats: number
  readonly bytes: number
  /** False for what belongs to the data and is the same for every set, such as the transform to their space. */
  readonly counted: boolean
}

/** Exactly what a set costs. */
export interface SetBudget {
  readonly parts: readonly BudgetPart[]
  /** 32-bit numbers, of the counted parts. */
  readonly floats: number
  /** Sum of the counted parts, with labels. */
  readonly bytes: number
  /** Images a class that have as many values. */
  readonly imagesPerClass: number
}

/** Options of `budgetOfSet`. */
export interface SetBudgetOptions extends ImageContext {
  /** Images or bases, decoder, labels, as the parameterization reports them. */
  readonly storage: StorageReport
  /** Floats of what was learned beside the set and is needed to use it, by name, such as MTT's step size. */
  readonly learned?: Readonly<Record<string, number>>
  /** Floats of the transform from pixels to what networks see: means and deviations, or a whitening matrix. */
  readonly transform?: number
}

/** Floats and bytes of a set, part by part. */
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

/** A set that is compared with others. */
export interface NamedBudget {
  readonly name: string
  readonly floats: number
  readonly bytes: number
}

/** How budgets differ, in one line: what a comparison says before anything else. */
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
