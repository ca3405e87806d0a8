import type { Terminal } from '@haba/cli'
import { HabaError } from '@haba/core'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { habaOn, recordExperts, type Haba } from '../haba.js'
import type { Stop } from '../stop.js'
import type { Request } from './arguments.js'
import type { Cell } from './cells.js'
import { collect } from './collect.js'
import { prepare } from './prepare.js'
import { readCellResult, writeCellResult, type CellResult } from './result.js'

/** Iterations at which a set is tested on its way, where nobody says otherwise. */
const usual = [50, 100, 150, 300, 450, 600, 1000, 2000, 5000, 10_000, 15_000, 20_000]

/** Where a cell of so many iterations is tested, up to `most`, the last one included. */
export const curvePoints = (steps: number, most: number, points: readonly number[] = usual): readonly number[] => {
  const last = Math.min(steps, most)
  return [...points.filter((point) => point < last), last]
}

export interface RunCellOptions {
  readonly cell: Cell
  readonly request: Request
  readonly stop: Stop
  readonly terminal: Terminal
}

/**
 * Records what experts a cell needs, distills, and tests the set on its way; whatever was done before is not done again.
 * Where the time is up, the set is tested as it is.
 *
 * @returns what is known of the cell at the end; undefined where nothing was measured yet
 */
export async function runCell({ cell, request, stop, terminal }: RunCellOptions): Promise<CellResult | undefined> {
  const run = join(request.runs, cell.name)
  const haba = habaOn('reproduction', terminal)
  const known = () => readCellResult(request.results, cell.name)
  if (!existsSync(run) && (await known()))
    throw new HabaError(
      `reproduction ${cell.name}`,
      `the run ${run}, which the result was measured with`,
      'none',
      'To start anew, name another folder with --results, or delete the result.',
    )
  const config = await prepare(cell, request)
  const given = request.experts !== undefined
  if (!(await recordExperts(haba, { config, interruption: stop.distilling, given }))) return known()
  for (const point of curvePoints(cell.config.steps, request.iterations, request.tests)) {
    if (stop.distilling.aborted) break
    if (point < (await stepsTaken(run)) || point <= ((await known())?.iterations.done ?? 0)) continue
    const began = performance.now()
    if (!(await distill(haba, { run, config, point, stop }))) break
    const seconds = (performance.now() - began) / 1000
    await writeCellResult(request.results, await collect({ cell, run, seconds, known: await known() }))
  }
  const result = await known()
  const atEnd = result?.iterations.done === cell.config.steps
  if (!result || !(request.crossed || atEnd) || stop.measuring.aborted) return result
  const tested = Object.values(result.networks).filter(({ iterations }) => iterations === result.iterations.done)
  if (tested.length >= cell.others.length) return result
  const began = performance.now()
  if (
    !(await haba(
      stop.measuring,
      'evaluate',
      run,
      '--networks',
      cell.others.join(','),
      '--workers',
      '1',
      '--baselines',
      'none',
    ))
  )
    return result
  const seconds = (performance.now() - began) / 1000
  await writeCellResult(request.results, await collect({ cell, run, seconds, known: result, crossed: true }))
  return known()
}

interface Step {
  /** The run folder. */
  readonly run: string
  /** The prepared configuration file. */
  readonly config: string
  readonly point: number
  readonly stop: Stop
}

/** Takes a run to a point of its curve and tests it there; where the time is up before, it is tested as it is. */
async function distill(haba: Haba, { run, config, point, stop }: Step): Promise<boolean> {
  const steps = ['--steps', `${point}`]
  const taken = await stepsTaken(run)
  if (taken > 0) await setSteps(run, taken)
  const finished = existsSync(join(run, 'config.json'))
    ? await haba(stop.distilling, 'distill', '--resume', run, ...(taken > 0 ? steps : []))
    : await haba(stop.distilling, 'distill', config, '--out', run, ...steps)
  if (finished || stop.measuring.aborted) return finished
  const reached = await stepsTaken(run)
  if (reached === 0) return false
  await setSteps(run, reached)
  return haba(stop.measuring, 'distill', '--resume', run)
}

/** A line of metrics is a step that was taken. */
async function stepsTaken(run: string): Promise<number> {
  const file = join(run, 'metrics.jsonl')
  return existsSync(file) ? (await readFile(file, 'utf8')).split('\n').length - 1 : 0
}

/** Runs can only be made longer: one that was to go further than it came first says that it came no further. */
async function setSteps(run: string, steps: number): Promise<void> {
  const file = join(run, 'config.json')
  const config = JSON.parse(await readFile(file, 'utf8')) as object
  await writeFile(file, `${JSON.stringify({ ...config, steps }, null, 2)}\n`)
}
