import { canonicalHash, checkedJson, HabaError, parseJson, permutation } from '@haba/core'
import { openLines, writeWhole } from '@haba/core/files'
import {
  architectures,
  convNetSpace,
  searchReport,
  shareOut,
  type Architecture,
  type ScoredArchitecture,
  type SearchSpace,
} from '@haba/eval'
import { join } from 'node:path'
import { evaluateSettings } from '../config/overridden.js'
import type { Named } from '../config/config.js'
import { listenForInterruption } from '../interruption.js'
import { progressOn, type Terminal } from '../tell/progress.js'
import { distilledParts, measuredOf } from '../folder/made-of.js'
import type { MeasuringJob } from '../measure/measuring.js'
import { keyFor } from '../assemble/parts.js'
import { alignedLines } from '../tell/tables.js'
import { readRun } from '../folder/read-run.js'
import { readSearchLines, type SearchLine } from '../folder/search-lines.js'
import { searchText, type SearchFile } from '../folder/uses.js'
import { openWorkerPool } from '../measure/worker-pool.js'

export interface SearchOptions {
  /** JSON that restricts the space of 720 networks. */
  readonly space?: string
  readonly sample?: number
  readonly epochs: number
  readonly realEpochs: number
  readonly workers?: number
  readonly data?: string
  readonly engine?: string
  readonly allowPlugin?: readonly string[]
}

/** `haba search`: does the set find the best network on all data, and how much faster? */
export async function searchCommand(
  folder: string,
  { space, sample, epochs, realEpochs, workers, ...elsewhere }: SearchOptions,
  { out, err }: Terminal,
  signal?: AbortSignal,
): Promise<void> {
  const progress = progressOn(err)
  const read = await readRun(folder, { ...elsewhere, say: progress.say })
  const settings = evaluateSettings(read, {})
  const networks = chosenNetworks(spaceOf(space), sample, read.config.seed)
  const after = read.config.steps
  // Results with other settings or images are measured again.
  const by = canonicalHash([settings, measuredOf(read.run, undefined, distilledParts).hash])
  const jobs = networks.flatMap((network): readonly MeasuringJob[] => [
    { on: 'set', network, seed: 0, epochs, after, by },
    { on: 'real', network, seed: 0, epochs: realEpochs, by },
  ])
  const file = join(folder, 'search.jsonl')
  const known = await readSearchLines(file)
  const pending = jobs.filter((job) => !known.has(JSON.stringify(job)))
  progress.say(`${networks.length} networks; ${jobs.length - pending.length} of ${jobs.length} trainings are done.`)
  if (pending.length > 0) {
    const pool = await openWorkerPool({
      read,
      measuring: { folder, settings, real: true, ...elsewhere },
      jobs: pending.length,
      ...(workers !== undefined && { workers }),
      progress,
      signal: signal ?? listenForInterruption(progress.say),
    })
    // Rewrite the file with complete lines of this run only.
    const own = [...known].map(
      ([job, measured]) => `${checkedJson({ job: JSON.parse(job) as MeasuringJob, measured })}\n`,
    )
    await writeWhole(file, own.join(''))
    const lines = await openLines(file)
    const kept = pool.workers.map((worker) => async (job: MeasuringJob) => {
      const measured = await worker(job)
      await lines.append(`${checkedJson({ job, measured } satisfies SearchLine)}\n`)
      known.set(JSON.stringify(job), measured)
      return measured
    })
    try {
      await shareOut(pending, kept, ({ on }, { network, accuracy }, done) =>
        progress.say(`${done}/${pending.length}  ${network} on ${on}: ${(100 * accuracy).toFixed(2)} %`),
      )
    } finally {
      await lines.close()
      await pool.close()
    }
  }
  const of = (job: MeasuringJob) => known.get(JSON.stringify(job))!
  const scored = networks.map((_, i): ScoredArchitecture => {
    const [proxy, truth] = [of(jobs[2 * i]!), of(jobs[2 * i + 1]!)]
    return { name: proxy.network, proxy, truth }
  })
  const protocols = { set: of(jobs[0]!).protocol, real: of(jobs[1]!).protocol }
  const report = { ...searchReport(scored), protocols }
  const identity = measuredOf(read.run, protocols.set, distilledParts)
  const result = join(folder, 'search.json')
  await writeWhole(result, `${checkedJson({ after, epochs, realEpochs, identity, ...report, scored }, 2)}\n`)
  out.write(
    `\n${reportText(report).join('\n')}\nWritten to ${result}; \`haba show ${folder}\` draws it into the page.\n`,
  )
}

function spaceOf(text: string | undefined): SearchSpace {
  if (text === undefined) return convNetSpace
  const fail = (got: string) => {
    throw new HabaError(
      '--space',
      'JSON with lists of width, depth, normalization, activation, pooling',
      got,
      'Try {"width":[32],"depth":[2,3]}.',
    )
  }
  let given: unknown
  try {
    given = parseJson(text)
  } catch {
    fail(text)
  }
  if (typeof given !== 'object' || given === null) fail(text)
  for (const [name, values] of Object.entries(given as object))
    if (!(name in convNetSpace) || !Array.isArray(values) || values.length === 0)
      fail(`${name}: ${JSON.stringify(values)}`)
  return { ...convNetSpace, ...(given as Partial<SearchSpace>) }
}

/** All networks of a space, or a random sample. */
function chosenNetworks(space: SearchSpace, sample: number | undefined, seed: number): readonly Named[] {
  const all: readonly Architecture[] = architectures(space)
  const order = permutation(keyFor({ hi: 0, lo: seed }, 'search'), all.length)
  const some = sample === undefined ? all : [...order.slice(0, sample)].sort((a, b) => a - b).map((i) => all[i]!)
  return some.map((architecture) => ({ use: 'convnet', kernel: 3, ...architecture }))
}

const correlationText = (rho: number | undefined) => (rho === undefined ? 'all equal' : rho.toFixed(2))

function reportText({ correlations, ...rest }: Omit<SearchFile, 'scored' | 'after'>): readonly string[] {
  return [
    ...alignedLines(
      [
        ['rank correlation', 'best by all data', 'best by the set'],
        ...correlations.map(({ top, byTruth, byProxy }) => [
          `top ${top}`,
          correlationText(byTruth),
          correlationText(byProxy),
        ]),
      ],
      [0],
    ),
    ...searchText(rest),
  ]
}
