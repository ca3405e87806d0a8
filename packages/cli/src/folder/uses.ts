import { differences } from '@haba/core'
import { readCheckedJson } from '@haba/core/files'
import { halfInterval95, summarize, type Accuracy, type ContinualStep, type SearchReport } from '@haba/eval'
import type { ContinualResult, CrossAccuracy, SearchResult, Uses } from '@haba/report'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { timeText } from '../tell/progress.js'
import { checks } from './file-schemas.js'
import { isPacked } from './packed.js'
import { madeOfIn, measuredParts, type MadeOf } from './made-of.js'
import { protocolName, protocolText, type Described } from '../tell/protocol-text.js'

interface Measured {
  /** Steps that the set was distilled for. */
  readonly after: number
  /** Images and run; absent in files of earlier versions. */
  readonly identity?: unknown
}

/** A file of `haba evaluate`. */
interface EvaluationFile extends CrossFile, Measured {
  readonly baselines?: readonly (CrossFile & { readonly name: string })[]
}

interface CrossFile extends Accuracy {
  readonly network: string
  readonly protocol: Described
}

/** The file of `haba continual`. */
interface ContinualFile extends Measured {
  readonly protocol: Described
  readonly steps: number
  readonly curves: readonly {
    readonly memory: string
    readonly floats: number
    readonly orders: readonly (readonly ContinualStep[])[]
  }[]
}

/** The file of `haba search`. */
export interface SearchFile extends SearchReport, Measured {
  readonly scored: readonly {
    readonly name: string
    readonly proxy: { readonly accuracy: number }
    readonly truth: { readonly accuracy: number }
  }[]
  readonly protocols: { readonly set: Described; readonly real: Described }
}

/**
 * Reads what other commands measured of a run. Measurements after fewer steps are left out.
 *
 * @param method name of the set in tables
 * @param steps steps that the run has taken
 * @param made what its set was made of, if known; measurements of another set are left out, too
 */
export async function usesOf(folder: string, method: string, steps: number, made?: Partial<MadeOf>): Promise<Uses> {
  // Beside a packed run lie files of other runs, too.
  const names = isPacked(folder) ? [] : (await readdir(folder)).sort()
  const read = async <T extends Measured>(kind: 'evaluation' | 'continual' | 'search', name: string) => {
    const path = join(folder, name)
    const file = await readCheckedJson<T>(path, { kind, check: checks[kind] })
    const of = madeOfIn(path, file)
    const alike = (part: keyof MadeOf) =>
      made?.[part] === undefined || of?.[part] === undefined || differences(made[part], of[part]).length === 0
    return file.after === steps && [...measuredParts, 'run' as const].every(alike) ? [file] : []
  }
  const all = async <T extends Measured>(kind: 'evaluation' | 'continual' | 'search', pattern: RegExp) => {
    const files = await Promise.all(names.filter((name) => pattern.test(name)).map((name) => read<T>(kind, name)))
    return files.flat()
  }
  const cross = (await all<EvaluationFile>('evaluation', /^evaluation-.*\.json$/)).flatMap((file) => [
    crossOf(file, method),
    ...(file.baselines ?? []).map((one) => crossOf(one, one.name)),
  ])
  const continual = (await all<ContinualFile>('continual', /^continual-\d+\.json$/)).sort((a, b) => a.steps - b.steps)
  const [search] = await all<SearchFile>('search', /^search\.json$/)
  return {
    ...(cross.length > 0 && { cross }),
    ...(continual.length > 0 && { continual: continual.map(continualOf) }),
    ...(search && { search: searchOf(search) }),
  }
}

function crossOf({ network, protocol, mean, std, accuracies }: CrossFile, method: string): CrossAccuracy {
  const halfInterval = halfInterval95(accuracies)
  return {
    method,
    network,
    protocol: protocolName(protocol),
    mean,
    std,
    networks: accuracies.length,
    ...(halfInterval !== undefined && { halfInterval }),
  }
}

/** The result of a continual evaluation. If orders differ in the classes per step, those of the first are shown. */
function continualOf({ protocol, steps, curves }: ContinualFile): ContinualResult {
  return {
    steps,
    summary: `Accuracy on all classes seen so far, mean ± standard deviation over networks and orders of the classes (${curves[0]!.orders.length}). ${protocolText(protocol)}`,
    curves: curves.map(({ memory, floats, orders }) => ({
      memory,
      floats,
      points: orders[0]!.map(({ seen }, step) => {
        const { mean, std } = summarize(orders.flatMap((points) => points[step]?.accuracy.accuracies ?? []))
        return { classes: seen.length, mean, std }
      }),
    })),
  }
}

function searchOf({ scored, correlations, ...rest }: SearchFile): SearchResult {
  return {
    networks: scored.map(({ name, proxy, truth }) => ({ name, proxy: proxy.accuracy, truth: truth.accuracy })),
    correlations: correlations.map(({ top, byTruth, byProxy }) => ({ top, byTruth, byProxy })),
    summary: searchText(rest).join(' '),
  }
}

/** A search in words: the choice, the time it saved, and the protocols. */
export function searchText({
  chosen,
  best,
  seconds,
  saved,
  protocols,
}: Omit<SearchFile, 'scored' | 'correlations' | 'after'>) {
  const [onSet, onAll] = [protocolText(protocols.set), protocolText(protocols.real)]
  const percent = (fraction: number) => `${(100 * fraction).toFixed(2)} %`
  return [
    `The set chooses ${chosen.name}: ${percent(chosen.truth.accuracy)} on all data. Best of all: ${best.name}, ${percent(best.truth.accuracy)}.`,
    `Searching took ${timeText(seconds.proxy)} on the set and ${timeText(seconds.truth)} on all data; with the chosen network trained on all data, ${percent(Math.max(0, saved))} of the time is saved.`,
    ...(onSet === onAll ? [onSet] : [`On the set: ${onSet}`, `On all data: ${onAll}`]),
    'One network of each kind, seed 0.',
  ]
}
