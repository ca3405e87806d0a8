import { HabaError, safetensorsHeader } from '@haba/core'
import { removeStalePartials, writeWhole } from '@haba/core/files'
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { makeSet } from '../assemble/make-set.js'
import { firstPath } from '../config/named.js'
import { configText } from '../config/write-config.js'
import { readManifest } from '../folder/draw-run.js'
import { imageContextOf, readRunSet } from '../folder/finished-run.js'
import { isMatrix, isPacked, packed, readRunFile } from '../folder/packed.js'
import { readRun } from '../folder/read-run.js'
import { progressOn, type Terminal } from '../tell/progress.js'

export interface PackOptions {
  readonly out?: string
  readonly allowPlugin?: readonly string[]
}

/** `haba pack`: a finished run as one file that stands alone. */
export async function packCommand(
  run: string,
  { out: asked, allowPlugin = [] }: PackOptions,
  { out, err }: Terminal,
): Promise<void> {
  const file = asked ?? `${run.replace(/[/\\]+$/, '')}.haba.safetensors`
  // Replaces nothing but an earlier pack.
  if (existsSync(file) && !(isPacked(file) && (await readRunFile(file, 'set.json'))))
    throw new HabaError('haba pack', 'a new file, or one that `haba pack` wrote', file, 'Choose another --out.')
  const read = await readRun(run, { allowPlugin, say: progressOn(err).say, reads: false })
  // Packed only if it can be read again.
  const manifest = await readManifest(run)
  await readRunSet(run, await makeSet(read, imageContextOf(manifest)))
  const bytes = await packed(run, configText(read.config, read.tables, dirname(file)))
  const { data } = read.config
  const withData = firstPath(read.tables.datasets[data.use]!.options) === undefined ? '' : ' --data FOLDER'
  await removeStalePartials(file)
  await writeWhole(file, bytes)
  const shown = (count: number) => count.toLocaleString('en-US')
  const ofMatrices = [...safetensorsHeader(file, bytes).tensors].filter(([name]) => isMatrix(name))
  const matrices = ofMatrices.reduce((sum, [, { data_offsets: offsets }]) => sum + offsets[1] - offsets[0], 0)
  out.write(
    `${file}: ${shown(bytes.length)} bytes on disk, of which the set is ${shown(manifest.storage.bytes)}` +
      `${matrices > 0 ? ` and its preprocessing ${shown(matrices)}` : ''}\n` +
      `Test it anywhere: haba evaluate ${file}${withData}\n`,
  )
}
