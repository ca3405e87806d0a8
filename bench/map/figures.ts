import { bytesAllowed, titles, type Budget, type Codec } from './axes.js'
import { cells, realName, realStorages, type Cell } from './cells.js'
import { measuredOf, summaryOf, type MapResult, type Summary } from './result.js'

export type Results = ReadonlyMap<string, MapResult>
export type DatasetName = Cell['dataset']

/** A part of 1 as `93.1`. */
export const percent = (part: number) => (100 * part).toFixed(1)
export const count = (n: number) => n.toLocaleString('en-US')
/** `93.1 ± 0.4` */
export const accuracy = ({ mean, half }: Summary) => `${percent(mean)} ± ${percent(half)}`
export const budgetText = (dataset: DatasetName, budget: number) =>
  `${count(bytesAllowed(dataset, budget))} bytes (${budget === 1 ? 'one fp32 image' : `${budget} fp32 images`} a class)`

export const grid = cells.filter(({ group }) => group === 'grid')
export const codecText = (codec: Codec) => (codec === 32 ? 'none' : codec === 'dct' ? 'coefficients' : `${codec} bits`)
/** What a cell is, in words. */
export const nameOf = ({ objective, of, codec }: Cell) =>
  `${titles[of]}, ${titles[objective]}${codec === 32 ? '' : `, ${codecText(codec)}`}`

export const inBudget = (dataset: DatasetName, budget: number) => (cell: Cell) =>
  cell.dataset === dataset && cell.bytes === bytesAllowed(dataset, budget)

/** The cells of one dataset and budget that were measured. */
export const measuredIn = (results: Results, dataset: DatasetName, budget: number) =>
  measuredOf(grid.filter(inBudget(dataset, budget)), results)

/** The most accurate. */
export const best = <T extends { readonly summary: Summary }>(all: readonly T[]): T | undefined =>
  [...all].sort((a, b) => b.summary.mean - a.summary.mean)[0]

interface RealRow {
  readonly id: string
  readonly name: string
  readonly summary: Summary
}

/** Real images beside the sets of one budget: as bytes and in a JPEG, each from the cell that was made for it. */
export const realRows = (results: Results, dataset: DatasetName, budget: Budget): readonly RealRow[] =>
  realStorages.flatMap((stored) => {
    const result = results.get(realName(dataset, budget, stored))
    const rows = result?.seeds[0]!.rows.filter(({ id }) => id !== 'set' && id.endsWith('Jpeg') === (stored === 'jpeg'))
    return (rows ?? []).map(({ id, name }) => ({ id, name, summary: summaryOf(result!, id)! }))
  })
