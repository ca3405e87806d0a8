import type { ImageContext, ImageShape } from '@haba/core'
import { budgetDifference, type NamedBudget, type SetBudget } from '@haba/eval'
import { progressOn, type Terminal } from '../tell/progress.js'
import { configBudget } from '../assemble/config-budget.js'
import { readShown } from '../folder/read-run.js'
import { alignedLines } from '../tell/tables.js'

export interface BudgetOptions {
  readonly image?: ImageShape
  readonly classes?: number
  readonly allowPlugin?: readonly string[]
  readonly set?: readonly string[]
}

/** `haba budget`: the exact storage of sets, before any run; for several sets, first how they differ. */
export async function budgetCommand(
  files: readonly string[],
  { image, classes, ...trust }: BudgetOptions,
  { out, err }: Terminal,
): Promise<void> {
  const shape: ImageContext | undefined = image && classes !== undefined ? { image, classes } : undefined
  const budgets: (NamedBudget & { readonly budget: SetBudget; readonly coded: boolean })[] = []
  for (const file of files) {
    const read = await readShown(file, trust, progressOn(err).say)
    const budget = await configBudget(read, shape)
    budgets.push({
      name: read.config.name,
      floats: budget.floats,
      bytes: budget.bytes,
      budget,
      coded: read.config.codec !== undefined,
    })
  }
  const [first, ...others] = budgets
  if (others.length > 0) out.write(`${budgetDifference([first!, ...others])}\n\n`)
  out.write(budgets.map(({ name, budget, coded }) => budgetText(name, budget, coded)).join('\n'))
}

const count = (n: number) => n.toLocaleString('en-US')

function budgetText(name: string, { parts, floats, bytes, imagesPerClass }: SetBudget, coded: boolean): string {
  const rows = parts.map((part) => [
    part.name,
    count(part.bytes),
    count(part.floats),
    part.counted ? '' : 'part of the data, not counted',
  ])
  const table = alignedLines([['part', 'bytes', 'values', ''], ...rows], [0, 3])
  return (
    `${name}: ${coded ? 'at most ' : ''}${count(bytes)} bytes for ${count(floats)} values; as many values as ${imagesPerClass.toFixed(3)} images per class\n` +
    `${table.join('\n')}\n`
  )
}
