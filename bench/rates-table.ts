/** The table of rates in `docs/methods.md`, of the searches in `bench/results/rates`. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../tools/packages.js'
import { markdownTable } from './markdown-table.js'

/** Step sizes of the parts of a set. */
export interface Rates {
  readonly bases: number
  readonly hallucinators: number
}

/** What a set that was learned at these rates is worth on validation data. */
interface RateTrial extends Rates {
  readonly validation: number
  /** Of each run, where there were several. */
  readonly found?: readonly number[]
  /** The root mean square of the set's images by that of real ones, the mean over runs; searches did not always record it. */
  readonly strength?: number
}

/**
 * Largest allowed RMS ratio of a set. A learning rate that is too large moves hallucinators far away in one step. A network that
 * normalizes keeps its accuracy then, while networks without normalization diverge.
 */
const strongest = 3

/** Whether its images are too strong to be chosen. */
export const isStrong = ({ strength = 1 }: { readonly strength?: number }): boolean => strength > strongest

/** By how much an accuracy on validation data may be better for no reason. */
export const noise = 0.02

export const same = (a: Rates, b: Rates): boolean => a.bases === b.bases && a.hallucinators === b.hallucinators

/** A search around the rates of a recipe, in the order of trials. */
export interface RatesFile {
  readonly name: string
  readonly steps: number
  /** Rates that none tried around them beats by more than the noise. */
  readonly chosen: Rates
  readonly trials: readonly RateTrial[]
}

const folder = join(root, 'bench/results/rates')

/** Every search, by the recipe's name. */
export const rateSearches = (): readonly RatesFile[] =>
  readdirSync(folder)
    .sort()
    .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as RatesFile)

/** The trials of a search, the best first; those whose images are too strong come last. */
export const ranked = <T extends { readonly validation: number; readonly strength?: number }>(
  trials: readonly T[],
): readonly T[] => [...trials].sort((a, b) => Number(isStrong(a)) - Number(isStrong(b)) || b.validation - a.validation)

/** One line a search: rates as bases, hallucinators, with validation accuracies in percent and strengths. */
export function ratesTable(): string {
  const told = ({ bases, hallucinators, validation, strength }: RateTrial) =>
    `${bases}, ${hallucinators}: ${(100 * validation).toFixed(1)}${strength === undefined ? '' : ` (× ${strength.toFixed(1)})`}`
  const lines = rateSearches().map((search) => {
    const trials = ranked(search.trials)
    const chosen = trials.filter((trial) => same(trial, search.chosen))
    const others = trials.filter((trial) => !chosen.includes(trial))
    const runs = search.trials[0]!.found?.length ?? 1
    return [search.name, `${search.steps}`, `${runs}`, told(chosen[0]!), others.map(told).join('; ')]
  })
  const head = ['recipe', 'steps', 'runs', 'bases, hallucinators: validation (strength)', 'also tried']
  return markdownTable(head, lines)
}
