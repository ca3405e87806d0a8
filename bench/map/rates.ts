import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { NamedRates, Trial } from '../search.js'
import type { DatasetName, Objective, Parameterization } from './axes.js'

/** Rates that were searched on validation data: `bench/map/rates.json`. */
interface SearchedRates {
  readonly rates: NamedRates
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

const images: Starts = {
  mnist: { dm: { images: 1 }, dsa: { images: 1 }, mtt: { images: 100 } },
  cifar10: { dm: { images: 2 }, dsa: { images: 1 }, mtt: { images: 100 } },
}

/** Where searches start. */
const starts: Readonly<Record<Parameterization, Starts>> = {
  pixels: images,
  'multi-formation': images,
  'haba-released': {
    mnist: { dm: haba(1, 1e-4), dsa: haba(1, 2e-4), mtt: haba(100, 17) },
    cifar10: { dm: haba(1, 1e-4), dsa: haba(1, 2e-4), mtt: haba(100, 100) },
  },
  'haba-repaired': {
    mnist: { dm: haba(3, 1e-3), dsa: haba(1, 2e-3), mtt: haba(100, 0.2) },
    cifar10: { dm: haba(3, 1e-3), dsa: haba(1, 2e-3), mtt: haba(100, 0.2) },
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
): { readonly rates: NamedRates; readonly searched: boolean } {
  const found = searched[ratesKey(dataset, objective, of)]
  return { rates: found?.rates ?? starts[of][dataset][objective], searched: found !== undefined }
}

/** The section "optimizer": SGD for all but Gaussians. The same rates for any number of images, as DM's authors have them. */
export function optimizerOf(of: Parameterization, rates: NamedRates): object {
  const sgd = (name: string) => ({ learningRate: rates[name]!, momentum: 0.5 })
  switch (of) {
    case 'pixels':
    case 'multi-formation':
      return { images: sgd('images') }
    case 'haba-released':
    case 'haba-repaired':
      return { bases: sgd('bases'), hallucinators: sgd('hallucinators') }
    case 'fred':
      return { coefficients: sgd('coefficients') }
    case 'rtp':
      return { bases: sgd('bases'), addresses: sgd('addresses') }
    case 'gaussians': {
      const adam = { use: 'adam', learningRate: rates['all']! }
      return { centers: { ...adam, boundary: 0.1 }, cholesky: adam, colors: adam, opacities: adam }
    }
    case 'low-rank':
      return { left: sgd('factors'), right: sgd('factors') }
  }
}
