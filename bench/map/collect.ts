import { execFileSync } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { root } from '../../tools/packages.js'
import { dataNote } from '../data-note.js'
import { describeMachine } from '../machine.js'
import type { Cell } from './cells.js'
import { seeds, type CellConfig } from './config.js'
import { ratesOf } from './rates.js'
import { configHash, type MapResult, type MapRow } from './result.js'
import type { CellSize } from './size.js'

/** Of the files that `haba` writes, what is read here. */
interface RunFiles {
  readonly config: { readonly data: Readonly<Record<string, unknown>> }
  readonly result: { readonly rows: readonly MapRow[] }
  readonly set: {
    readonly about: {
      readonly learned: { readonly rate?: number }
      readonly protocol: Readonly<Record<string, unknown>>
      readonly versions: Readonly<Record<string, string>>
    }
  }
  readonly evaluation: {
    readonly network: string
    readonly accuracies: readonly number[]
    readonly protocol: { readonly epochs: number }
  }
}

const json = async <T>(...path: readonly string[]): Promise<T> => JSON.parse(await readFile(join(...path), 'utf8')) as T

export interface CollectOptions {
  readonly cell: Cell
  readonly size: CellSize
  /** That of the first seed, without places. */
  readonly config: CellConfig
  /** Holds the run folders `seed-1`, …. */
  readonly folder: string
  readonly seconds: number
}

/** What the finished run folders of a cell tell. */
export async function collect({ cell, size, config, folder, seconds }: CollectOptions): Promise<MapResult> {
  const runs = await Promise.all(
    seeds.map(async (seed) => {
      const run = join(folder, `seed-${seed}`)
      const { rows } = await json<RunFiles['result']>(run, 'result.json')
      const { about } = await json<RunFiles['set']>(run, 'set.json')
      return { seed, rows: rows.map(rowOf), about }
    }),
  )
  const first = join(folder, `seed-${seeds[0]}`)
  const { data } = await json<RunFiles['config']>(first, 'config.json')
  const { about } = runs[0]!
  const { load: _, ...machine } = describeMachine()
  return {
    name: cell.name,
    config,
    configHash: configHash(config),
    items: size.items,
    images: size.images,
    bytes: { allowed: cell.bytes, counted: size.bytes },
    searched: ratesOf(cell).searched,
    seeds: runs.map(({ seed, rows, about: { learned } }) => ({
      seed,
      rows,
      ...(learned.rate !== undefined && { learnedRate: learned.rate }),
    })),
    others: await othersOf(first),
    protocol: about.protocol,
    data: await dataNote({ ...data, root: resolve(first, String(data['root'])) }, cell.dataset),
    versions: about.versions,
    machine,
    seconds: Math.round(seconds),
    date: new Date().toISOString().slice(0, 10),
    commit: commit(),
  }
}

const rowOf = ({ id, name, floats, bytes, note, accuracies }: MapRow): MapRow => ({
  id,
  name,
  floats,
  bytes,
  note,
  accuracies,
})

async function othersOf(run: string): Promise<MapResult['others']> {
  const files = (await readdir(run)).filter((name) => /^evaluation-.*\.json$/.test(name)).sort()
  const read = await Promise.all(files.map((name) => json<RunFiles['evaluation']>(run, name)))
  return read.map(({ network, accuracies, protocol: { epochs } }) => ({ network, epochs, accuracies }))
}

/** The commit that is checked out, with a "+" where tracked files differ from it; "unknown" outside of a repository. */
function commit(): string {
  const git = (...args: readonly string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
  try {
    const changes = git(
      'status',
      '--porcelain',
      '--untracked-files=no',
      '--',
      'packages',
      'bench',
      ':!bench/map/results',
    )
    return `${git('rev-parse', '--short=12', 'HEAD')}${changes === '' ? '' : '+'}`
  } catch {
    return 'unknown'
  }
}
