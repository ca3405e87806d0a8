import { checkFinite, disposeTree, HabaError } from '@haba/core'
import { PARTIAL, renameSynced } from '@haba/core/files'
import type { DistillState } from '@haba/distill'
import { loadTree, saveTree } from '@haba/distill/files'
import { existsSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { checks } from './file-schemas.js'
import { FILES } from './run-folder.js'

export interface CheckpointsOptions {
  readonly folder: string
  /** A hash of all that distillation begins with. */
  readonly madeOf: string
  /** Steps from one checkpoint that is due to the next; others are of interruptions and of the end. */
  readonly every: number
  /** Of the whole run. */
  readonly steps: number
  readonly say: (text: string) => void
}

/**
 * The checkpoints of a run: the newest as `checkpoint.safetensors`, and the one before it as `checkpoint-STEP.safetensors`.
 * Of those before, one that was due is kept rather than one of an interruption, so that in the end a run that was interrupted
 * has the same files as one that was not.
 */
export interface Checkpoints {
  /**
   * The newest that is whole and finite; undefined where there is none yet. A bad one is named, and renamed to `….damaged`.
   *
   * @param skipped of the good ones, the newest: what follows them is done again @default 0
   * @throws HabaError where there are only bad ones, and for one of another run: nothing is renamed then
   */
  load(skipped?: number): Promise<DistillState | undefined>
  /** At each moment of it a whole checkpoint is there, where one was before. @throws HabaError for a state that is not finite */
  save(state: DistillState): Promise<void>
}

/** Opens the checkpoints in a folder. */
export function checkpointsIn({ folder, madeOf, every, steps, say }: CheckpointsOptions): Checkpoints {
  const newest = join(folder, FILES.checkpoint)
  const before = (step: number) => join(folder, `checkpoint-${step}.safetensors`)
  /** The step of the newest; undefined where it is not there. */
  let current: number | undefined

  /** Steps of the others, the last first. */
  const others = async () =>
    (await readdir(folder))
      .flatMap((name) => /^checkpoint-(\d+)\.safetensors$/.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => b - a)

  async function forget(latest: number): Promise<void> {
    const all = await others()
    // Later ones are of a way that was given up.
    const earlier = all.filter((step) => step < latest)
    const kept = earlier.find((step) => step % every === 0) ?? (latest === steps ? undefined : earlier[0])
    for (const step of all) if (step !== kept) await rm(before(step), { force: true })
  }

  return {
    async load(skipped = 0) {
      const bad: string[] = []
      let good = 0
      current = undefined
      for (const file of [...(existsSync(newest) ? [newest] : []), ...(await others()).map(before)]) {
        let saved: Saved
        try {
          saved = await loadTree<Saved>(file)
          checkState(file, saved)
        } catch (error) {
          if (!HabaError.is(error)) throw error
          const aside = await setAside(file)
          bad.push(aside)
          const { expected, received: got } = error.facts
          say(`${file} cannot be used: expected ${expected}, got ${got}. It is kept as ${aside}.`)
          continue
        }
        const { madeOf: of, ...state } = saved
        if (of !== undefined && of !== madeOf) throw foreign(file, madeOf, of)
        if (good++ < skipped) {
          disposeTree(state)
          continue
        }
        current = file === newest ? state.step : undefined
        // A process that was killed right after it wrote the newest has not forgotten the others.
        if (file === newest) await forget(state.step)
        return state
      }
      if (bad.length === 0 || good > 0) return undefined
      throw new HabaError(
        `run ${folder}`,
        'a checkpoint that can be used',
        `only damaged ones, kept as ${bad.join(' and ')}`,
        'Restore one from a copy, or give the same command again: the run then begins at its first step.',
      )
    },
    async save(state) {
      const next = `${newest}${PARTIAL}`
      await saveTree(next, { ...state, madeOf } satisfies Saved)
      if (current !== undefined) await renameSynced(newest, before(current))
      await renameSynced(next, newest)
      current = state.step
      await forget(state.step)
    },
  }
}

/** A state in a file; those of earlier versions do not say what they belong to. */
type Saved = DistillState & { readonly madeOf?: string }

/** Refuses a folder whose newest checkpoint belongs to another run, while nothing is written yet. A damaged one is for `load`. */
export async function checkCheckpoint(folder: string, madeOf: string): Promise<void> {
  const file = join(folder, FILES.checkpoint)
  if (!existsSync(file)) return
  const saved = await loadTree<Saved>(file).catch(() => undefined)
  if (saved?.madeOf !== undefined && saved.madeOf !== madeOf) throw foreign(file, madeOf, saved.madeOf)
  disposeTree(saved ?? [])
}

/** A checkpoint that was copied here from another run: whole, but of no use. */
function foreign(file: string, expected: string, got: string): HabaError {
  const short = (hash: string) => hash.slice(0, 12)
  const todo = "It is whole, but belongs to another run: put this one's own back, or remove the file."
  return new HabaError(`checkpoint ${file}`, `one of the run ${short(expected)}`, `one of ${short(got)}`, todo)
}

/** Damage that a file without a checksum may have: another program's tree, or numbers of a run that had diverged. */
function checkState(file: string, state: DistillState): void {
  const wrong = checks.state(state)
  if (wrong)
    throw new HabaError(
      `checkpoint ${file}`,
      `the state of a run: ${wrong.field} to be ${wrong.expected}`,
      wrong.got.slice(0, 120),
      '',
    )
  checkFinite(`checkpoint ${file}`, state, `after step ${state.step}`, '')
}

/** Renames a file so that nothing reads it again. @returns its new name */
export async function setAside(file: string): Promise<string> {
  for (let n = 1; ; n++) {
    const aside = `${file}.damaged${n === 1 ? '' : `-${n}`}`
    if (existsSync(aside)) continue
    await renameSynced(file, aside)
    return aside
  }
}
