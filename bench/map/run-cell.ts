import type { Terminal } from '@haba/cli'
import { HabaError } from '@haba/core'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { performance } from 'node:perf_hooks'
import { root } from '../../tools/packages.js'
import { habaOn, recordExperts, type Haba } from '../haba.js'
import type { Cell } from './cells.js'
import { collect } from './collect.js'
import { configOf, seeds, type CellConfig } from './config.js'
import { leastEpochs } from './effort.js'
import { configHash, isCurrent, readMapResult, writeMapResult, type MapResult } from './result.js'
import { sizeOf, type CellSize } from './size.js'

/** Where a cell finds and leaves what. */
export interface Places {
  /** The folder that CIFAR-10's `train/<class>` and `test/<class>` lie in. */
  readonly data: string
  readonly experts: string
  /** Run folders. */
  readonly runs: string
  readonly results: string
}

export interface RunCellOptions {
  readonly cell: Cell
  readonly places: Places
  /** Delete what the cell's run folders hold, and its result, first. */
  readonly anew: boolean
  readonly interruption: AbortSignal
  readonly terminal: Terminal
}

/** How a cell's turn ended. */
export type Outcome =
  { readonly told: 'measured' | 'known'; readonly result: MapResult } | { readonly told: 'too large' | 'interrupted' }

/** What was done of a cell, beside its run folders. */
interface Progress {
  readonly hash: string
  readonly seconds: number
  /** Parts that are finished: `seed-1`, `others`. */
  readonly done: readonly string[]
}

/** A configuration with what is where on this machine. */
export function placed(config: CellConfig, { data, experts, runs }: Places): CellConfig {
  const {
    data: own,
    experts: trained,
    objective,
  } = config as CellConfig & {
    readonly data: Readonly<Record<string, unknown>>
    readonly experts?: { readonly folder: string }
  }
  const folder = trained && join(experts, trained.folder.split('/').at(-1)!)
  return {
    ...config,
    ...(own['use'] === 'image-folder' && {
      data: { ...own, root: resolve(data), cache: join(runs, 'cifar10-pixels') },
    }),
    ...(folder !== undefined && {
      objective: { ...objective, experts: folder },
      experts: { ...trained, folder },
    }),
  }
}

/** Distills a cell's sets, one a seed, and tests other networks on the first; what was done before is not done again. */
export async function runCell({ cell, places, anew, interruption, terminal }: RunCellOptions): Promise<Outcome> {
  const size = await sizeOf(cell)
  if (!size) return { told: 'too large' }
  const config = configOf(cell, size, seeds[0])
  const folder = join(places.runs, cell.name)
  if (anew)
    for (const old of [folder, join(places.results, `${cell.name}.json`)])
      await rm(old, { recursive: true, force: true })
  const known = await readMapResult(places.results, cell.name)
  if (known && isCurrent(known, config)) return { told: 'known', result: known }
  if (known) throw changed(cell, `the result of ${known.configHash}`, config)
  let progress = await progressOf(cell, folder, config)
  const haba = habaOn(`map ${cell.name}`, terminal)
  for (const part of [...seeds.map((seed) => `seed-${seed}`), ...(cell.others.length > 0 ? ['others'] : [])]) {
    if (progress.done.includes(part)) continue
    if (interruption.aborted || !(await prepared({ cell, size, part, folder, places, haba, interruption })))
      return { told: 'interrupted' }
    const began = performance.now()
    const finished = await runPart({ cell, size, part, folder, haba, interruption })
    const seconds = progress.seconds + (performance.now() - began) / 1000
    progress = { ...progress, seconds, done: finished ? [...progress.done, part] : progress.done }
    await writeFile(join(folder, 'progress.json'), JSON.stringify(progress))
    if (!finished) return { told: 'interrupted' }
  }
  const result = await collect({ cell, size, config, folder, seconds: progress.seconds })
  await writeMapResult(places.results, result)
  return { told: 'measured', result }
}

const changed = ({ name }: Cell, got: string, config: CellConfig) =>
  new HabaError(
    `map ${name}`,
    `the configuration ${configHash(config)}`,
    got,
    'Give --anew to measure the cell as it is configured now.',
  )

async function progressOf(cell: Cell, folder: string, config: CellConfig): Promise<Progress> {
  const file = join(folder, 'progress.json')
  const fresh = { hash: configHash(config), seconds: 0, done: [] }
  if (!existsSync(file)) {
    await mkdir(folder, { recursive: true })
    await writeFile(file, JSON.stringify(fresh))
    return fresh
  }
  const progress = JSON.parse(await readFile(file, 'utf8')) as Progress
  if (progress.hash !== fresh.hash) throw changed(cell, `a run of ${progress.hash} in ${folder}`, config)
  return progress
}

interface Part {
  readonly cell: Cell
  readonly size: CellSize
  /** `seed-1`, … or `others`. */
  readonly part: string
  readonly folder: string
  readonly haba: Haba
  readonly interruption: AbortSignal
}

const seedOf = (part: string) => Number(part.replace('seed-', ''))

/** Writes a seed's configuration file, and records the experts that it needs. @returns false where it was interrupted */
async function prepared({ cell, size, part, folder, places, haba, interruption }: Part & { readonly places: Places }) {
  if (part === 'others') return true
  const file = join(folder, `${part}.json`)
  await writeFile(file, JSON.stringify(placed(configOf(cell, size, seedOf(part)), places), null, 2))
  return recordExperts(haba, { config: file, interruption })
}

/** @returns false where it was interrupted */
function runPart({ cell, size, part, folder, haba, interruption }: Part): Promise<boolean> {
  if (part !== 'others') {
    const run = join(folder, part)
    return existsSync(join(run, 'config.json'))
      ? haba(interruption, 'distill', '--resume', run)
      : haba(interruption, 'distill', join(folder, `${part}.json`), '--out', run)
  }
  const { epochs } = configOf(cell, size, seeds[0]).evaluate
  return haba(
    interruption,
    'evaluate',
    join(folder, `seed-${seeds[0]}`),
    ...['--networks', cell.others.join(','), '--seeds', '1', '--workers', '1', '--baselines', 'none'],
    ...['--epochs', `${otherEpochs(epochs)}`],
  )
}

/** Other networks are larger: they train for half as long. */
const otherEpochs = (epochs: number): number => Math.max(leastEpochs, Math.round(epochs / 2))

/** Where everything lies, unless the command line says otherwise. */
export const usualPlaces: Places = {
  data: join(root, 'data/cifar10'),
  experts: join(root, 'experts/map'),
  runs: join(root, 'runs/map'),
  results: join(root, 'bench/map/results'),
}
