/** The table of the README, of the figures in `bench/results`. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../tools/packages.js'
import { markdownTable } from './markdown-table.js'
import { table } from './table.js'

interface Result {
  readonly ratio: number
  readonly memoryRatio: number
}

export function resultsTable(): string {
  const head = ['row', 'PyTorch time / ours', 'must', 'aim', 'our memory / PyTorch']
  const lines = table.map(({ name, must, aim }) => {
    const text = readFileSync(join(root, 'bench/results', `${name}.json`), 'utf8')
    const { ratio, memoryRatio } = JSON.parse(text) as Result
    return [name, ratio.toFixed(2), `${must}`, `${aim}`, memoryRatio.toFixed(2)]
  })
  return markdownTable(head, lines)
}
