import { openSet, type Terminal } from '@haba/cli'
import { imageStrength } from '@haba/eval'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { jsonText } from '../formatted.js'
import { habaOn, recordExperts, type Haba } from '../haba.js'
import { searchRates, type NamedRates, type Trial } from '../search.js'
import type { Cell } from './cells.js'
import { configOf, type CellConfig } from './config.js'
import { ratesFile, ratesKey, ratesOf, searchedRates, type RatesFile } from './rates.js'
import { placed, type Places } from './run-cell.js'
import { sizeOf, type CellSize } from './size.js'

/** Trials are a part of a run's length: which rate is better shows early. */
const share = 1 / 3

export interface SearchCellOptions {
  readonly cell: Cell
  readonly places: Places
  readonly interruption: AbortSignal
  readonly terminal: Terminal
}

/** The cell at other rates, without a codec, measured on a tenth of the training data that is held out. */
function trialConfig(cell: Cell, size: CellSize, rates: NamedRates): CellConfig {
  const key = ratesKey(cell.dataset, cell.objective, cell.of)
  const file: RatesFile = { [key]: { rates, how: 'a trial', trials: [] } }
  const {
    codec: _,
    evaluate,
    steps,
    ...config
  } = configOf(cell, size, 1, file) as CellConfig & {
    readonly codec?: unknown
  }
  const name = `rates-${key}-${Object.values(rates).join('-')}`
  return {
    ...config,
    name,
    steps: Math.max(1, Math.round(share * steps)),
    evaluate: {
      protocol: 'ours',
      epochs: Math.max(1, Math.round(share * evaluate.epochs)),
      batch: (evaluate as { readonly batch?: number }).batch,
      learningRates: [0.01],
      trialNetworks: 2,
      networks: 1,
    },
  } as unknown as CellConfig
}

class Stopped extends Error {}

async function trialOf(haba: Haba, { places, interruption }: SearchCellOptions, config: CellConfig, rates: NamedRates) {
  const folder = join(places.runs, 'rates')
  const [file, run, kept] = ['.json', '', '.trial.json'].map((end) => join(folder, `${config.name}${end}`)) as [
    string,
    string,
    string,
  ]
  if (existsSync(kept)) return JSON.parse(await readFile(kept, 'utf8')) as Trial
  await mkdir(folder, { recursive: true })
  await writeFile(file, JSON.stringify(placed(config, places), null, 2))
  const args = existsSync(join(run, 'config.json')) ? ['--resume', run] : [file, '--out', run]
  if (!(await recordExperts(haba, { config: file, interruption }))) throw new Stopped()
  if (!(await haba(interruption, 'distill', ...args))) throw new Stopped()
  const { rows } = JSON.parse(await readFile(join(run, 'result.json'), 'utf8')) as {
    readonly rows: readonly { readonly id: string; readonly choice?: { readonly mean: number } }[]
  }
  const { set, test, close } = await openSet(run)
  const strength = Number((await imageStrength(set, await test())).toPrecision(3))
  await close()
  const trial: Trial = { rates, validation: rows.find(({ id }) => id === 'set')!.choice!.mean, strength }
  await writeFile(kept, JSON.stringify(trial))
  return trial
}

/**
 * Looks for the rates of a cell's dataset, objective and parameterization around those it has, at the cell's size, and records them
 * in `bench/map/rates.json`.
 *
 * @returns what was chosen; undefined where the time was up, or the cell's smallest set does not fit
 */
export async function searchCell(options: SearchCellOptions): Promise<NamedRates | undefined> {
  const { cell, terminal } = options
  const size = await sizeOf(cell)
  if (!size) return undefined
  const haba = habaOn(`rates of ${cell.name}`, terminal)
  const { dataset, objective, of } = cell
  const { rates: start } = ratesOf(cell, {})
  const measure = (rates: NamedRates) => trialOf(haba, options, trialConfig(cell, size, rates), rates)
  try {
    const { chosen, trials } = await searchRates({ start, measure })
    const { steps } = trialConfig(cell, size, start)
    const how = `${steps} steps of ${cell.name} (${size.items} items) without a codec, two networks on a tenth of the training data`
    const all = { ...searchedRates(), [ratesKey(dataset, objective, of)]: { rates: chosen, how, trials } }
    const sorted = Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)))
    await writeFile(ratesFile, await jsonText(sorted))
    return chosen
  } catch (error) {
    if (error instanceof Stopped) return undefined
    throw error
  }
}

/** One cell for each search that is still to be done: the first of its dataset, objective and parameterization. */
export function cellsToSearch(cells: readonly Cell[], tooLarge: ReadonlySet<string>): readonly Cell[] {
  const known = new Set(Object.keys(searchedRates()))
  return cells.filter(({ name, group, dataset, objective, of }) => {
    const key = ratesKey(dataset, objective, of)
    if (group !== 'grid' || tooLarge.has(name) || known.has(key)) return false
    known.add(key)
    return true
  })
}
