import {
  disposeTree,
  type AnyParameterization,
  type Engine,
  type ImageShape,
  type Preprocessing,
  type Tree,
} from '@haba/core'
import { expand } from '@haba/distill'
import { loadTree, saveTree } from '@haba/distill/files'
import { encodePicture, toPixels, type EventPicture, type Snapshot } from '@haba/report'
import { existsSync } from 'node:fs'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Whether the set is kept after this step: 1, 2, 5, 10, 20, 50, … Images change most at first, and the steps do not depend on
 * the length of the run.
 */
export const isKept = (step: number): boolean => /^[125]0*$/.test(String(step))

const folderOf = (run: string) => join(run, 'snapshots')

/** Saves the set after a step, so that a page can show how it changed. */
export async function keepSnapshot(run: string, step: number, set: Tree): Promise<void> {
  await mkdir(folderOf(run), { recursive: true })
  await saveTree(join(folderOf(run), `${step}.safetensors`), set)
}

/** Loads the set after a step. The caller owns it. */
export const loadSnapshot = (run: string, step: number): Promise<Tree> =>
  loadTree<Tree>(join(folderOf(run), `${step}.safetensors`))

/** The kept steps in the last three quarters of a run, without the last step: checkpoints to choose among. */
export const choosableSteps = (steps: number): readonly number[] =>
  Array.from({ length: steps - 1 }, (_, i) => i + 1).filter((step) => 4 * step >= steps && isKept(step))

/** The kept steps before the last one. */
async function keptSteps(run: string, last: number): Promise<readonly number[]> {
  if (!existsSync(folderOf(run))) return []
  const steps = (await readdir(folderOf(run))).flatMap((file) => {
    const found = /^(\d+)\.safetensors$/.exec(file)
    return found ? [Number(found[1])] : []
  })
  return steps.filter((step) => step < last).sort((a, b) => a - b)
}

export interface SnapshotsOptions {
  readonly run: string
  /** The run's last step. */
  readonly last: number
  readonly engine: Engine
  readonly parameterization: AnyParameterization
  /** The finished set. */
  readonly params: Tree
  readonly preprocessing: Preprocessing
  readonly classNames: readonly string[]
}

/** Pictures of the first slot of each of the first ten classes, under its first view, at each kept step and at the end. */
export async function snapshotsOf(options: SnapshotsOptions): Promise<readonly Snapshot[]> {
  const { run, last, engine, parameterization, params, preprocessing, classNames } = options
  const { image, labels } = parameterization.layout
  const slots = classNames.slice(0, 10).flatMap((_, label) => {
    const slot = labels.indexOf(label)
    return slot < 0 ? [] : [slot]
  })
  const invert = (values: Float32Array, shape: ImageShape) => preprocessing.invert(values, shape)
  const frame = async (step: number, set: Tree) => {
    const { rows } = toPixels({ values: (await expand(engine, parameterization, set)).images, image, invert })
    return { step, pictures: await Promise.all(slots.map((slot) => encodePicture(rows[slot]!))) }
  }
  const frames: Awaited<ReturnType<typeof frame>>[] = []
  for (const step of await keptSteps(run, last)) {
    const set = await loadTree<Tree>(join(folderOf(run), `${step}.safetensors`))
    frames.push(await frame(step, set))
    disposeTree(set)
  }
  frames.push(await frame(last, params))
  if (frames.length < 2) return []
  return slots.map((slot, i) => ({
    className: classNames[labels[slot]!]!,
    slot,
    view: 0,
    frames: frames.map(({ step, pictures }) => ({ step, picture: pictures[i]! })),
  }))
}

/** The same pictures for TensorBoard. */
export const eventPictures = (snapshots: readonly Snapshot[]): EventPicture[] =>
  snapshots.flatMap(({ className, slot, frames }) =>
    frames.map(({ step, picture }) => ({ step, tag: `images/${className} ${slot}`, ...picture })),
  )
