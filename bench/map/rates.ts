import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { NamedRates, Trial } from '../search.js'
import type { DatasetName, Objective, Parameterization } from './axes.js'

/** Rates, and the items a class that they go with: a mean over a class divides the gradient of each of its items. */
interface RatesAt {
  readonly rates: NamedRates
  readonly items: number
}

/** Rates that were searched on validation data: `bench/map/rates.json`. */
interface SearchedRates extends RatesAt {
  /** In words. */
  readonly how: string
  readonly trials: readonly Trial[]
}

/** By dataset, objective and parameterization, such as `mnist-dm-pixels`. */
export type RatesFile = Readonly<Record<string, SearchedRates>>

export const ratesFile = join(import.meta.dirname, 'rates.json')

/** What the rates of the map are called. */
export const ratesKey = (dataset: DatasetName, objective: Objective, of: Parameterization): string =>
  `${dataset}-${objective}-${of}`

/** The rates that were searched. */
export const searchedRates = (): RatesFile => JSON.parse(readFileSync(ratesFile, 'utf8')) as RatesFile

type Starts = Readonly<Record<DatasetName, Readonly<Record<Objective, NamedRates>>>>

/** Where searches start, for one item a class unless `startItems` says otherwise. */
const starts: Readonly<Record<Parameterization, Starts>> = {
  pixels: images(1, 1, 100),
  'multi-formation': images(1, 1, 100),
  'haba-released': {
    mnist: { dm: haba(1, 1e-4), dsa: haba(1, 2e-4), mtt: haba(100, 17) },
    cifar10: { dm: haba(1, 1e-4), dsa: haba(1, 2e-4), mtt: haba(100, 100) },
  },
  'haba-repaired': {
    mnist: { dm: haba(3, 1e-3), dsa: haba(1, 2e-3), mtt: haba(100, 10) },
    cifar10: { dm: haba(3, 1e-3), dsa: haba(1, 2e-3), mtt: haba(100, 10) },
  },
  fred: {
    mnist: { dm: { coefficients: 10 }, dsa: { coefficients: 10 }, mtt: { coefficients: 1000 } },
    cifar10: { dm: { coefficients: 244 }, dsa: { coefficients: 244 }, mtt: { coefficients: 24_400 } },
  },
  rtp: both({ bases: 0.1, addresses: 0.1 }),
  gaussians: {
    mnist: { dm: { all: 0.01 }, dsa: { all: 0.01 }, mtt: { all: 0.01 } },
    cifar10: { dm: { all: 0.001 }, dsa: { all: 0.001 }, mtt: { all: 0.001 } },
  },
  'low-rank': both({ factors: 1 }, { factors: 100 }),
}

/** Items a class of the sets that those rates were used for. */
const startItems: Readonly<Record<Parameterization, Readonly<Record<DatasetName, number>>>> = {
  pixels: { mnist: 1, cifar10: 1 },
  'multi-formation': { mnist: 1, cifar10: 1 },
  'haba-released': { mnist: 1, cifar10: 1 },
  'haba-repaired': { mnist: 4, cifar10: 4 },
  fred: { mnist: 14, cifar10: 16 },
  rtp: { mnist: 30, cifar10: 115 },
  gaussians: { mnist: 8, cifar10: 15 },
  'low-rank': { mnist: 7, cifar10: 8 },
}

function images(dm: number, dsa: number, mtt: number): Starts {
  const all = { dm: { images: dm }, dsa: { images: dsa }, mtt: { images: mtt } }
  return { mnist: all, cifar10: all }
}

function haba(bases: number, hallucinators: number): NamedRates {
  return { bases, hallucinators }
}

function both(features: NamedRates, trajectories: NamedRates = features): Starts {
  const all = { dm: features, dsa: features, mtt: trajectories }
  return { mnist: all, cifar10: all }
}

/** The rates of a cell: those that were searched, or where a search would start. */
export function ratesOf(
  { dataset, objective, of }: { dataset: DatasetName; objective: Objective; of: Parameterization },
  searched: RatesFile = searchedRates(),
): RatesAt & { readonly searched: boolean } {
  const found = searched[ratesKey(dataset, objective, of)]
  if (found) return { rates: found.rates, items: found.items, searched: true }
  return { rates: starts[of][dataset][objective], items: startItems[of][dataset], searched: false }
}

const two = (value: number) => Number(value.toPrecision(2))

/**
 * The section "optimizer": SGD for all but Gaussians. The rates of what each image has for itself grow with the number of
 * images; what images share keeps its rate.
 */
export function optimizerOf(of: Parameterization, { rates, items: at }: RatesAt, items: number): object {
  const sgd = (rate: number) => ({ rate: two(rate), momentum: 0.5 })
  const own = (name: string) => sgd((rates[name]! * items) / at)
  switch (of) {
    case 'pixels':
    case 'multi-formation':
      return { images: own('images') }
    case 'haba-released':
    case 'haba-repaired':
      return { bases: own('bases'), hallucinators: sgd(rates['hallucinators']!) }
    case 'fred':
      return { coefficients: own('coefficients') }
    case 'rtp':
      return { bases: sgd(rates['bases']!), addresses: own('addresses') }
    case 'gaussians': {
      const adam = { use: 'adam', rate: rates['all']! }
      return { centers: { ...adam, boundary: 0.1 }, cholesky: adam, colors: adam, opacities: adam }
    }
    case 'low-rank':
      return { left: own('factors'), right: own('factors') }
  }
}
