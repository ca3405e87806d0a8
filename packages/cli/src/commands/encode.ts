import { HabaError } from '@haba/core'
import { existsSync } from 'node:fs'
import { mkdir, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { listenForInterruption } from '../interruption.js'
import { progressOn, type Terminal } from '../tell/progress.js'
import { readManifest } from '../folder/draw-run.js'
import { encoding, isOf } from '../folder/encode-run.js'
import { owning } from '../folder/owner.js'
import { readRun } from '../folder/read-run.js'
import { tableText } from '../tell/tables.js'
import { runDistillation } from '../run-distillation.js'
import { FILES } from '../folder/run-folder.js'

/** Options of `haba encode`: a folder, and those of the section "codec" as text. */
export interface EncodeOptions {
  readonly out?: string
  readonly codec: Readonly<Record<string, unknown>>
  readonly data?: string
  readonly engine?: string
  readonly allowPlugin?: readonly string[]
}

/**
 * `haba encode`: stores the set of a finished run in few bits, as a new run. It has the files that it would have had with this
 * section "codec" from the start. The original folder is unchanged, because its rows were measured at its bytes.
 */
export async function encodeCommand(
  run: string,
  { out: asked, codec, ...elsewhere }: EncodeOptions,
  { out, err }: Terminal,
  signal?: AbortSignal,
): Promise<void> {
  const progress = progressOn(err)
  const source = await readRun(run, { ...elsewhere, say: progress.say })
  const encoded = await encoding(run, source, codec)
  const { transform, bits } = encoded.read.config.codec!
  const folder = asked ?? `${run.replace(/[/\\]+$/, '')}-${transform === 'dct' ? 'dct' : `${bits}bit`}`
  await mkdir(folder, { recursive: true })
  const work = owning(folder, 'haba encode', async () => {
    const begun = existsSync(join(folder, FILES.config))
      ? await readRun(folder, { ...elsewhere, say: progress.say })
      : undefined
    if (begun && !isOf(encoded, begun))
      throw new HabaError(`run ${folder}`, 'a new folder', 'one that holds another run', 'Choose another --out.')
    const shared = { folder, progress, signal: signal ?? listenForInterruption(progress.say) }
    return begun
      ? await runDistillation({ ...shared, read: begun, only: 'set' })
      : await runDistillation({
          ...shared,
          read: encoded.read,
          only: 'set',
          begin: (madeOf) => encoded.begin(folder, madeOf),
        })
  })
  const result = await work.catch(async (error: unknown) => {
    await rmdir(folder).catch(() => {})
    throw error
  })
  const [before, after] = await Promise.all([run, folder].map(async (one) => (await readManifest(one)).storage.bytes))
  out.write(
    `\n${tableText(result)}\n\n${before!.toLocaleString('en-US')} bytes became ${after!.toLocaleString('en-US')}, in ${folder}.\n` +
      `For rows of as many bytes: haba distill --resume ${folder}\n`,
  )
}
