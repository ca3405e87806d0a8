import { configBudget, readConfig } from '@haba/cli'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { coefficients, shapes } from './axes.js'
import type { Cell } from './cells.js'
import { configOf } from './config.js'
import { mostImages } from './effort.js'
import type { SetChoice } from './sets.js'

/** A set that fills its bytes, and what it takes of them. */
export interface CellSize extends SetChoice {
  /** As `haba budget` counts them: with a codec at most, since entropy coding depends on the values. */
  readonly bytes: number
  readonly floats: number
}

/** Counts bytes of a cell's configurations, in a folder of its own. */
type Count = (choice: SetChoice) => Promise<{ readonly bytes: number; readonly floats: number }>

/** The largest set of a cell that takes no more bytes than it may; undefined where not even the smallest fits. */
export async function sizeOf(cell: Cell): Promise<CellSize | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'haba-map-'))
  const count: Count = async (choice) => {
    const file = join(folder, `${cell.name}.json`)
    await writeFile(file, JSON.stringify(configOf(cell, choice, 1)))
    const { bytes, floats } = await configBudget(await readConfig(file), shapes[cell.dataset])
    // Coefficients are rounded until they fit: how many images there are is a plan.
    const planned = floats * coefficients[cell.dataset].bytesPerValue
    return { floats, bytes: cell.codec === 'dct' ? Math.ceil(planned) : bytes }
  }
  try {
    return await largest(cell, count)
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function largest({ family, bytes: allowed, dataset, codec }: Cell, count: Count): Promise<CellSize | undefined> {
  const { at, mostExtra = 0, step = 1 } = family
  // Finer steps of coefficients spend what is left of the bytes, where more images are not worth their time.
  const details = codec === 'dct' ? family.details.slice(0, 1) : family.details
  const { classes } = shapes[dataset]
  const worth = classes * mostImages
  let coarser: CellSize | undefined
  for (const detail of details) {
    const fits = async (choice: SetChoice) => {
      const counted = await count(choice)
      return counted.bytes <= allowed ? { ...choice, ...counted } : undefined
    }
    if (detail !== details.at(-1) || codec === 'dct') {
      const perItem = at(detail, classes, 0).images / classes
      const full = await fits(at(detail, Math.floor(worth / perItem / step) * step, 0))
      // More images than are worth their time may fit: then more detail is better.
      if (full) {
        coarser = full
        continue
      }
    }
    const items = await most(async (n) => (await count(at(detail, n, 0))).bytes, { least: classes, step, allowed })
    let found = items === 0 ? undefined : await fits(at(detail, items, 0))
    for (let extra = 1; found && extra <= mostExtra; extra++) {
      const more = at(detail, items, extra)
      const larger = more.images <= worth ? await fits(more) : undefined
      if (!larger) break
      found = larger
    }
    return found ?? coarser
  }
  return coarser
}

interface Range {
  readonly least: number
  readonly step: number
  /** Bytes. */
  readonly allowed: number
}

/** The largest number whose bytes are allowed, looked for along a line, since nearly all sets have one price an item; 0 for none. */
async function most(bytesOf: (n: number) => Promise<number>, { least, step, allowed }: Range): Promise<number> {
  const at = (steps: number) => bytesOf(least + steps * step)
  let bytes = await at(0)
  if (bytes > allowed) return 0
  let price = (await at(1)) - bytes
  let [low, high] = [0, Infinity]
  while (high - low > 1) {
    const guess = Math.floor(low + (allowed - bytes) / price)
    const next = Math.min(Math.max(guess, low + 1), high - 1)
    const there = await at(next)
    if (there > allowed) high = next
    else [price, low, bytes] = [(there - bytes) / (next - low), next, there]
  }
  return least + low * step
}
