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
  /** Hash of everything that distillation starts from. */
  readonly madeOf: string
  /** Steps between regular checkpoints; interruptions and the end write others. */
  readonly every: number
  /** Steps of the whole run. */
  readonly steps: number
  readonly say: (text: string) => void
}

/**
 * The checkpoints of a run: the newest as `checkpoint.safetensors`, and an earlier one as `checkpoint-STEP.safetensors`. The
 * earlier one is preferably a regular one, so that an interrupted run ends with the same files as an uninterrupted one.
 */
export interface Checkpoints {
  /**
   * Loads the newest intact and finite checkpoint; undefined without checkpoints. A bad one is reported and renamed to
   * `….damaged`.
   *
   * @param skipped number of good checkpoints to skip, newest first @default 0
   * @throws HabaError if all are bad, or if one belongs to another run; nothing is renamed then
   */
  load(skipped?: number): Promise<DistillState | undefined>
  /** Saves a checkpoint; an intact one exists at every moment. @throws HabaError for a state that is not finite */
  save(state: DistillState): Promise<void>
}

/** Opens the checkpoints in a folder. */
export function checkpointsIn({ folder, madeOf, every, steps, say }: CheckpointsOptions): Checkpoints {
  const newest = join(folder, FILES.checkpoint)
  const before = (step: number) => join(folder, `checkpoint-${step}.safetensors`)
  /** The step of the newest; undefined if it does not exist. */
  let current: number | undefined

  /** Steps of the others, in descending order. */
  const others = async () =>
    (await readdir(folder))
      .flatMap((name) => /^checkpoint-(\d+)\.safetensors$/.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => b - a)

  async function forget(latest: number): Promise<void> {
    const all = await others()
    // Later ones belong to an abandoned attempt.
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
          say(`${file} is not usable: expected ${expected}, got ${got}. It was renamed to ${aside}.`)
          continue
        }
        const { madeOf: of, ...state } = saved
        if (of !== undefined && of !== madeOf) throw foreign(file, madeOf, of)
        if (good++ < skipped) {
          disposeTree(state)
          continue
        }
        current = file === newest ? state.step : undefined
        // A process that was killed right after it wrote the newest has not removed the others.
        if (file === newest) await forget(state.step)
        return state
      }
      if (bad.length === 0 || good > 0) return undefined
      throw new HabaError(
        `run ${folder}`,
        'a usable checkpoint',
        `only damaged ones, renamed to ${bad.join(' and ')}`,
        'Restore one from a copy, or run the same command again to start from the first step.',
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

/** A saved state; earlier versions did not record what it belongs to. */
type Saved = DistillState & { readonly madeOf?: string }

/** Refuses a folder whose newest checkpoint belongs to another run, before anything is written. `load` handles damaged ones. */
export async function checkCheckpoint(folder: string, madeOf: string): Promise<void> {
  const file = join(folder, FILES.checkpoint)
  if (!existsSync(file)) return
  const saved = await loadTree<Saved>(file).catch(() => undefined)
  if (saved?.madeOf !== undefined && saved.madeOf !== madeOf) throw foreign(file, madeOf, saved.madeOf)
  disposeTree(saved ?? [])
}

/** The error for an intact checkpoint of another run. */
function foreign(file: string, expected: string, got: string): HabaError {
  const short = (hash: string) => hash.slice(0, 12)
  const todo = "It belongs to another run: restore this run's checkpoint, or remove the file."
  return new HabaError(`checkpoint ${file}`, `one of the run ${short(expected)}`, `one of ${short(got)}`, todo)
}

/** Checks what a checksum cannot tell: that the tree is a state, and that its values are finite. */
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

/** Renames a file so that nothing reads it. @returns its new name */
export async function setAside(file: string): Promise<string> {
  for (let n = 1; ; n++) {
    const aside = `${file}.damaged${n === 1 ? '' : `-${n}`}`
    if (existsSync(aside)) continue
    await renameSynced(file, aside)
    return aside
  }
}
