import { configBudget, readConfig } from '@haba/cli'
import { cellFile, cells } from './cells.js'
import { writeCells } from './write-cells.js'

/** What a cell's set stores. */
export interface CellBudget {
  /** Step sizes that are learned with the set are counted. */
  readonly floats: number
  readonly imagesPerClass: number
}

/** What every cell's set stores, by name, as `haba budget` counts it; sets that are alike are counted once. */
export async function budgets(): Promise<ReadonlyMap<string, CellBudget>> {
  await writeCells()
  const counted = new Map<string, CellBudget>()
  const all = new Map<string, CellBudget>()
  for (const cell of cells) {
    const { set, objectiveOptimizer } = cell.config
    const alike = JSON.stringify([cell.dataset, set, objectiveOptimizer !== undefined])
    const budget = counted.get(alike) ?? (await configBudget(await readConfig(cellFile(cell))))
    counted.set(alike, budget)
    all.set(cell.name, budget)
  }
  return all
}
