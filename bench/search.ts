import { isStrong, noise, ranked } from './rates-table.js'

/** Step sizes by what they move. */
export type NamedRates = Readonly<Record<string, number>>

/** What a set is worth that was distilled at these rates. */
export interface Trial {
  readonly rates: NamedRates
  /** Accuracy on validation data. */
  readonly validation: number
  /** The root mean square of the set's images by that of real ones. */
  readonly strength?: number
}

export interface SearchOptions {
  readonly start: NamedRates
  readonly measure: (rates: NamedRates) => Promise<Trial>
  /** How far a rate is moved at once. @default 3 */
  readonly factor?: number
  /** How often the search may move on. @default 2 */
  readonly moves?: number
}

/** Trials in their order, and the rates that none around them beats by more than the noise. */
export interface Found {
  readonly chosen: NamedRates
  readonly trials: readonly Trial[]
}

const short = (rate: number) => Number(rate.toPrecision(2))
const names = (rates: NamedRates) => Object.keys(rates)
const same = (a: NamedRates, b: NamedRates) => names(a).every((name) => a[name] === b[name])

/** From the start to the best of its neighbors, as long as one is better by more than the noise or the images here are too strong. */
export async function searchRates({ start, measure, factor = 3, moves = 2 }: SearchOptions): Promise<Found> {
  const trials: Trial[] = []
  let at = start
  for (let move = 0; move <= moves; move++) {
    const around = [1, 1 / factor, factor].flatMap((by) =>
      names(at).map((name) => ({ ...at, [name]: by === 1 ? at[name]! : short(at[name]! * by) })),
    )
    for (const rates of around) if (!trials.some((trial) => same(trial.rates, rates))) trials.push(await measure(rates))
    const here = trials.find((trial) => same(trial.rates, at))!
    const [next] = ranked(trials)
    if (!isStrong(here) && next!.validation <= here.validation + noise) break
    at = next!.rates
  }
  return { chosen: at, trials }
}
