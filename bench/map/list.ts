import { shapes } from './axes.js'
import type { Cell } from './cells.js'
import { configOf } from './config.js'
import { minutesOf, workOfStep } from './effort.js'
import { readMapResult } from './result.js'
import { sizeOf } from './size.js'

/** One line about a cell: its bytes, steps, test epochs, and about how many minutes it takes, or took. */
export async function cellLine(cell: Cell, results: string): Promise<string> {
  const known = await readMapResult(results, cell.name)
  if (known) return `${cell.name}: measured in ${(known.seconds / 60).toFixed(0)} minutes`
  const size = await sizeOf(cell)
  if (!size) return `${cell.name}: does not fit into ${cell.bytes.toLocaleString('en-US')} bytes`
  const { steps, evaluate } = configOf(cell, size, 1)
  const { classes } = shapes[cell.dataset]
  const { items, images } = size
  const work = steps * workOfStep(cell.objective, cell.effort, { items, images, classes })
  const minutes = minutesOf(cell.dataset, { work, epochs: evaluate.epochs, items: cell.epochSees ?? items })
  return (
    `${cell.name}: ${size.bytes.toLocaleString('en-US')} of ${cell.bytes.toLocaleString('en-US')} bytes, ${items} items, ` +
    `${images} images, ${steps} steps, ${evaluate.epochs} test epochs, about ${minutes.toFixed(0)} minutes`
  )
}
