import { HabaError, permutation } from '@haba/core'
import {
  architectures,
  convNetSpace,
  searchReport,
  shareOut,
  type Architecture,
  type ScoredArchitecture,
  type SearchSpace,
} from '@haba/eval'
import { existsSync } from 'node:fs'
import { appendFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Named } from '../config/config.js'
import { readConfig } from '../config/read-config.js'
import { listenForInterruption, type Interruption } from '../interruption.js'
import { progressOn } from '../progress.js'
import type { MeasuredNetwork, MeasuringJob } from '../run/measuring.js'
import { keyFor } from '../run/parts.js'
import { alignedLines } from '../run/result.js'
import { configOf, writeWhole } from '../run/run-folder.js'
import { searchText, type SearchFile } from '../run/uses.js'
import { openLanes } from '../workers/lanes.js'
import { evaluateSettings } from './evaluate.js'
import { overridden } from './distill.js'
import type { Terminal } from './terminal.js'

export interface SearchOptions {
  /** JSON: parts of the space, instead of all 720 networks. */
  readonly space?: string
  readonly sample?: number
  readonly epochs: number
  readonly realEpochs: number
  readonly workers?: number
  readonly data?: string
  readonly engine?: string
}

/** What a finished network is remembered by. */
type Line = { readonly job: MeasuringJob; readonly measured: MeasuredNetwork }

/** `haba search`: does the set find the network that all data would prefer, and how much sooner (spec §9.4)? */
export async function searchCommand(
  folder: string,
  { space, sample, epochs, realEpochs, workers, ...elsewhere }: SearchOptions,
  { out, err }: Terminal,
  interruption?: Interruption,
): Promise<void> {
  const read = overridden(await readConfig(configOf(folder)), elsewhere)
  const settings = evaluateSettings(read, {})
  const networks = chosenNetworks(spaceOf(space), sample, read.config.seed)
  const after = read.config.steps
  const jobs = networks.flatMap((network): readonly MeasuringJob[] => [
    { on: 'set', network, seed: 0, epochs, after },
    { on: 'real', network, seed: 0, epochs: realEpochs },
  ])
  const file = join(folder, 'search.jsonl')
  const known = await readLines(file)
  const pending = jobs.filter((job) => !known.has(JSON.stringify(job)))
  const progress = progressOn(err)
  progress.say(`${networks.length} networks; ${jobs.length - pending.length} of ${jobs.length} trainings are done.`)
  if (pending.length > 0) {
    const { lanes, close } = await openLanes({
      read,
      measuring: { folder, settings, ...elsewhere },
      jobs: pending.length,
      ...(workers !== undefined && { workers }),
      progress,
      interruption: interruption ?? listenForInterruption(progress.say),
    })
    const kept = lanes.map((lane) => async (job: MeasuringJob) => {
      const measured = await lane(job)
      await appendFile(file, `${JSON.stringify({ job, measured } satisfies Line)}\n`)
      known.set(JSON.stringify(job), measured)
      return measured
    })
    try {
      await shareOut(pending, kept, ({ on }, { network, accuracy }, done) =>
        progress.say(`${done}/${pending.length}  ${network} on ${on}: ${(100 * accuracy).toFixed(2)} %`),
      )
    } finally {
      await close()
    }
  }
  const of = (job: MeasuringJob) => known.get(JSON.stringify(job))!
  const scored = networks.map((_, i): ScoredArchitecture => {
    const [proxy, truth] = [of(jobs[2 * i]!), of(jobs[2 * i + 1]!)]
    return { name: proxy.network, proxy, truth }
  })
  const protocols = { set: of(jobs[0]!).protocol, real: of(jobs[1]!).protocol }
  const report = { ...searchReport(scored), protocols }
  const result = join(folder, 'search.json')
  await writeWhole(result, `${JSON.stringify({ after, epochs, realEpochs, ...report, scored }, null, 2)}\n`)
  out.write(
    `\n${reportText(report).join('\n')}\nWritten to ${result}; \`haba show ${folder}\` draws it into the page.\n`,
  )
}

function spaceOf(text: string | undefined): SearchSpace {
  if (text === undefined) return convNetSpace
  const fail = (got: string) => {
    throw new HabaError(
      '--space',
      'JSON with lists of width, depth, normalisation, activation, pooling',
      got,
      'Try {"width":[32],"depth":[2,3]}.',
    )
  }
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch {
    fail(text)
  }
  if (typeof given !== 'object' || given === null) fail(text)
  for (const [name, values] of Object.entries(given as object))
    if (!(name in convNetSpace) || !Array.isArray(values) || values.length === 0)
      fail(`${name}: ${JSON.stringify(values)}`)
  return { ...convNetSpace, ...(given as Partial<SearchSpace>) }
}

/** All networks of a space, or some at random. */
function chosenNetworks(space: SearchSpace, sample: number | undefined, seed: number): readonly Named[] {
  const all: readonly Architecture[] = architectures(space)
  const order = permutation(keyFor({ hi: 0, lo: seed }, 'search'), all.length)
  const some = sample === undefined ? all : [...order.slice(0, sample)].sort((a, b) => a - b).map((i) => all[i]!)
  return some.map((architecture) => ({ use: 'convnet', kernel: 3, ...architecture }))
}

/** Finished trainings by their jobs; a line that was cut off is left out. */
async function readLines(file: string): Promise<Map<string, MeasuredNetwork>> {
  if (!existsSync(file)) return new Map()
  const lines = (await readFile(file, 'utf8')).split('\n').slice(0, -1)
  return new Map(
    lines.map((line) => {
      const { job, measured } = JSON.parse(line) as Line
      return [JSON.stringify(job), measured]
    }),
  )
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
