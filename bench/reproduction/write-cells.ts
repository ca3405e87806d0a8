import { mkdir, writeFile } from 'node:fs/promises'
import { cellFile, cellFolder, cells, type Cell } from './cells.js'
import { jsonText } from '../formatted.js'

/** A cell's configuration file. */
export const cellText = ({ config }: Pick<Cell, 'config'>): Promise<string> => jsonText(config)

/** Writes every cell's configuration file. */
export async function writeCells(): Promise<void> {
  await mkdir(cellFolder, { recursive: true })
  for (const cell of cells) await writeFile(cellFile(cell), await cellText(cell))
}
