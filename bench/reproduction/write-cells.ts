import { mkdir, writeFile } from 'node:fs/promises'
import { cellFile, cellFolder, cells } from './cells.js'
import { jsonText } from '../formatted.js'

/** Writes every cell's configuration file. */
export async function writeCells(): Promise<void> {
  await mkdir(cellFolder, { recursive: true })
  for (const cell of cells) await writeFile(cellFile(cell), await jsonText(cell.config))
}
