import { quantizeTensors } from '@haba/codec'
import { disposeTree, HabaError, labelBytes, namedLeaves } from '@haba/core'
import { readWhole, writeWhole } from '@haba/core/files'
import type { DistillState } from '@haba/distill'
import { loadTree, saveTree } from '@haba/distill/files'
import { existsSync } from 'node:fs'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readConfigAgain, type ReadConfig } from '../config/read-config.js'
import { configText } from '../config/write-config.js'
import { allLearned, imageContextOf } from './finished-run.js'
import { inPlace } from '../assemble/in-place.js'
import { distilledHash, imagesHash, type MadeOf } from './made-of.js'
import { makeSet } from '../assemble/make-set.js'
import { readManifest } from './draw-run.js'
import { heldHash } from './resumable.js'
import { readResult } from './packed.js'
import { FILES } from './run-folder.js'

/** A finished run with a configuration that stores its set in few bits. */
interface Encoding {
  /** The configuration of the new run, with the same data. */
  readonly read: ReadConfig
  /**
   * Copies into a folder what the run distilled: last state, metrics, intermediate sets. Idempotent.
   *
   * @param madeOf hash of the new run's identity
   */
  begin(folder: string, madeOf: string): Promise<void>
}

/**
 * Prepares to store the set of a finished run with other options of "codec". It is coded from the 32-bit values in the last
 * checkpoint, even if the run was coded before, so that rounding does not accumulate. Nothing is written.
 *
 * @param read the configuration of the run in `folder`
 * @param codec options of the section "codec" @default its defaults
 * @throws HabaError for a run that is not finished, has no checkpoint, or was distilled with rounding (`during`); for options
 * that are unknown, out of range, or do not fit the set
 */
export async function encoding(
  folder: string,
  read: ReadConfig,
  codec: Readonly<Record<string, unknown>>,
): Promise<Encoding> {
  const who = `run ${folder}`
  const before = read.config
  const file = 'of the command line'
  const written = JSON.parse(configText(before, read.tables, folder)) as Readonly<Record<string, unknown>>
  const config = readConfigAgain({ ...written, codec }, read, { file, path: '' })
  if (before.codec && before.codec.during > 0)
    throw new HabaError(
      who,
      'a set that was distilled without rounding',
      `"during": ${before.codec.during}`,
      'It was optimized for those bits: distill again with other ones.',
    )
  await checkFinished(folder, before.steps)
  const state = await lastState(folder, before.steps, read.run!.made)
  const { layout } = await makeSet(read, imageContextOf(await readManifest(folder)))
  const { refine: _, during: __, bytes, ...coding } = config.codec!
  const otherBytes = labelBytes(layout) + 4 * allLearned(state).length
  // Check before anything is written.
  await inPlace({ file, path: 'codec' }, () =>
    quantizeTensors(namedLeaves(state.set), { ...coding, ...(bytes !== undefined && { bytes: bytes - otherBytes }) }),
  )
  disposeTree(state)
  const { run: _held, ...made } = read.run!.made
  return {
    read: { ...read, config, file, run: { ...read.run!, made } },
    async begin(out, madeOf) {
      const last = await lastState(folder, before.steps, read.run!.made)
      await copyAll(folder, out, FILES.metrics)
      await copyAll(folder, out, 'snapshots')
      await saveTree(join(out, FILES.checkpoint), { ...last, madeOf })
      disposeTree(last)
    },
  }
}

/** Whether a folder holds a run that this encoding started. */
export const isOf = ({ read }: Encoding, begun: ReadConfig): boolean =>
  heldHash(begun) === heldHash(read) && imagesHash(begun.run!.made as MadeOf) === imagesHash(read.run!.made as MadeOf)

async function checkFinished(folder: string, steps: number): Promise<void> {
  const row = (await readResult(folder))?.rows.find(({ id }) => id === 'set')
  if (row?.steps === steps) return
  throw new HabaError(
    `run ${folder}`,
    `a finished run of ${steps} steps`,
    row ? `one measured after ${row.steps}` : 'one whose set was not measured',
    `Finish it with \`haba distill --resume ${folder}\`.`,
  )
}

/** The run's last state, as 32-bit values. @throws HabaError if it is missing or belongs to another run */
async function lastState(folder: string, steps: number, made: Partial<MadeOf>): Promise<DistillState> {
  const file = join(folder, FILES.checkpoint)
  const fail = (got: string, todo: string) =>
    new HabaError(`run ${folder}`, `${FILES.checkpoint} of step ${steps}, with 32-bit values`, got, todo)
  if (!existsSync(file)) throw fail('none', 'Copy the whole run folder, or distill again.')
  const { madeOf, ...state } = await loadTree<DistillState & { readonly madeOf?: string }>(file)
  const own = made.run === undefined ? madeOf : distilledHash(made as MadeOf)
  if (state.step === steps && madeOf === own) return state
  disposeTree(state)
  if (madeOf !== own) throw fail('one of another run', "Restore this run's checkpoint.")
  throw fail(`one of step ${state.step}`, `Finish the run with \`haba distill --resume ${folder}\`.`)
}

/** Copies a file, or the files of a folder, if they exist. */
async function copyAll(from: string, to: string, name: string): Promise<void> {
  if (!existsSync(join(from, name))) return
  if (name === FILES.metrics) return await writeWhole(join(to, name), await readWhole(join(from, name)))
  await mkdir(join(to, name), { recursive: true })
  for (const one of await readdir(join(from, name)))
    await writeWhole(join(to, name, one), await readWhole(join(from, name, one)))
}
