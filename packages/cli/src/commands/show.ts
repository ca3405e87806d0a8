import { join } from 'node:path'
import { progressOn, type Terminal } from '../tell/progress.js'
import { drawRun } from '../folder/draw-run.js'
import { openEngine } from '../assemble/parts.js'
import { tableText } from '../tell/tables.js'
import { readRun } from '../folder/read-run.js'
import { FILES } from '../folder/run-folder.js'

export interface ShowOptions {
  readonly allowPlugin?: readonly string[]
}

/** `haba show`: draws grid and page again, and prints the table. */
export async function showCommand(folder: string, { allowPlugin }: ShowOptions, { out, err }: Terminal): Promise<void> {
  const { say } = progressOn(err)
  const read = await readRun(folder, { ...(allowPlugin && { allowPlugin }), say, reads: false })
  const opened = await openEngine(read, say)
  try {
    out.write(`${tableText(await drawRun(folder, read, opened.engine))}\n\n`)
  } finally {
    await opened.close()
  }
  out.write(`pictures  ${join(folder, FILES.grid)}\npage      ${join(folder, FILES.page)}\n`)
}
