import { progressOn, type Terminal } from '../tell/progress.js'
import { drawRun } from '../folder/draw-run.js'
import { openEngine } from '../assemble/parts.js'
import { tableText } from '../tell/tables.js'
import { besideRun, readRunFile } from '../folder/packed.js'
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
  const size = async (name: string) => (await readRunFile(folder, name))?.length ?? 0
  const [set, manifest] = [await size('set.safetensors'), await size('set.json')]
  const matrices = await size(FILES.preprocessing)
  const whitening = `, and ${shown(matrices)} of preprocessing, which new images need and no row counts`
  out.write(
    `on disk   ${shown(set)} bytes of the set, ${shown(manifest)} of its manifest${matrices > 0 ? whitening : ''}\n`,
  )
  out.write(`pictures  ${besideRun(folder, FILES.grid)}\npage      ${besideRun(folder, FILES.page)}\n`)
}

const shown = (bytes: number) => bytes.toLocaleString('en-US')
