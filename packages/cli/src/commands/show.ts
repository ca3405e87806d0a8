import { join } from 'node:path'
import { readConfig } from '../config/read-config.js'
import { drawRun } from '../run/draw-run.js'
import { openEngine } from '../run/parts.js'
import { tableText } from '../run/result.js'
import { configOf, FILES } from '../run/run-folder.js'
import type { Terminal } from './terminal.js'

/** `haba show`: draws grid and page anew, and prints the table. */
export async function showCommand(folder: string, { out, err }: Terminal): Promise<void> {
  const read = await readConfig(configOf(folder))
  const opened = await openEngine(read, (text) => void err.write(`${text}\n`))
  try {
    out.write(`${tableText(await drawRun(folder, read, opened.engine))}\n\n`)
  } finally {
    await opened.close()
  }
  out.write(`pictures  ${join(folder, FILES.grid)}\npage      ${join(folder, FILES.page)}\n`)
}
