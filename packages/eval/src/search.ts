import { HabaError } from '@haba/core'

/** A ConvNet of the search space, in the names of configuration files. */
export interface Architecture {
  readonly width: number
  readonly depth: number
  readonly normalization: string
  readonly activation: string
  readonly pooling: string
}

/** Choices for each part of a network. */
export type SearchSpace = { readonly [Part in keyof Architecture]: readonly Architecture[Part][] }

/** The 720 ConvNets of DC's search. */
export const convNetSpace: SearchSpace = {
  width: [32, 64, 128, 256],
  depth: [1, 2, 3, 4],
  normalization: ['none', 'batch', 'layer', 'instance', 'group'],
  activation: ['sigmoid', 'relu', 'leakyRelu'],
  pooling: ['none', 'max', 'average'],
}

/** Every network of a space. */
export const architectures = (space: SearchSpace = convNetSpace): readonly Architecture[] =>
  space.width.flatMap((width) =>
    space.depth.flatMap((depth) =>
      space.normalization.flatMap((normalization) =>
        space.activation.flatMap((activation) =>
          space.pooling.map((pooling) => ({ width, depth, normalization, activation, pooling })),
        ),
      ),
    ),
  )

/** An accuracy and the time it took. */
export interface TimedAccuracy {
  readonly accuracy: number
  readonly seconds: number
}

/** A network trained on the proxy (the distilled set) and on the real data. */
export interface ScoredArchitecture {
  readonly name: string
  readonly proxy: TimedAccuracy
  readonly truth: TimedAccuracy
}

/** How well a proxy finds the networks that are best on real data. */
export interface SearchReport {
  /** Rank correlations among the best `top` networks on real data, and on the proxy; undefined if all ranks are equal. */
  readonly correlations: readonly {
    readonly top: number
    readonly byTruth: number | undefined
    readonly byProxy: number | undefined
  }[]
  /** The best network on the proxy. */
  readonly chosen: ScoredArchitecture
  /** The best network on real data. */
  readonly best: ScoredArchitecture
  readonly seconds: { readonly proxy: number; readonly truth: number }
  /** The share of time saved by searching on the proxy and training only the chosen network on real data. */
  readonly saved: number
}

/**
 * Compares a search on a proxy with one on the real data.
 *
 * @param tops numbers of best networks to correlate; the whole space is added @default [5, 10, 20]
 */
export function searchReport(
  scored: readonly ScoredArchitecture[],
  tops: readonly number[] = [5, 10, 20],
): SearchReport {
  if (scored.length < 2)
    throw new HabaError('searchReport', 'at least 2 networks', `${scored.length}`, 'There is nothing to rank.')
  const [byTruth, byProxy] = [sortedBy(scored, 'truth'), sortedBy(scored, 'proxy')]
  const correlationOf = (some: readonly ScoredArchitecture[]) =>
    rankCorrelation(
      some.map(({ proxy }) => proxy.accuracy),
      some.map(({ truth }) => truth.accuracy),
    )
  const sizes = [...tops.filter((top) => top >= 2 && top < scored.length), scored.length]
  const seconds = {
    proxy: scored.reduce((sum, { proxy }) => sum + proxy.seconds, 0),
    truth: scored.reduce((sum, { truth }) => sum + truth.seconds, 0),
  }
  const chosen = byProxy[0]!
  return {
    correlations: sizes.map((top) => ({
      top,
      byTruth: correlationOf(byTruth.slice(0, top)),
      byProxy: correlationOf(byProxy.slice(0, top)),
    })),
    chosen,
    best: byTruth[0]!,
    seconds,
    saved: 1 - (seconds.proxy + chosen.truth.seconds) / seconds.truth,
  }
}

const sortedBy = (scored: readonly ScoredArchitecture[], by: 'proxy' | 'truth') =>
  [...scored].sort((a, b) => b[by].accuracy - a[by].accuracy)

/** Spearman's rank correlation; equal values share their mean rank. Undefined if all values are equal. */
export function rankCorrelation(a: readonly number[], b: readonly number[]): number | undefined {
  const [x, y] = [centeredRanks(a), centeredRanks(b)]
  const product = (u: readonly number[], v: readonly number[]) => u.reduce((sum, r, i) => sum + r * v[i]!, 0)
  const scale = Math.sqrt(product(x, x) * product(y, y))
  return scale === 0 ? undefined : product(x, y) / scale
}

const centeredRanks = (values: readonly number[]): readonly number[] =>
  values.map((value) => {
    const [below, equal] = [values.filter((v) => v < value).length, values.filter((v) => v === value).length]
    return below + (equal - 1) / 2 - (values.length - 1) / 2
  })
