import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  disposeTree,
  fromSafetensors,
  HabaError,
  namedLeaves,
  rowsOf,
  sizeOf,
  tensor,
  toSafetensors,
  treeFromNamed,
  type Engine,
  type Parameterization,
  type RenderedSet,
  type Rows,
  type StorageReport,
  type Tree,
} from '@haba/core'

/** What is written beside the numbers of a finished set. */
export interface SetManifest {
  readonly format: 'haba-set'
  readonly version: 1
  readonly parameterization: string
  readonly layout: {
    readonly image: readonly number[]
    readonly classes: number
    readonly slots: number
    readonly views: number
  }
  readonly storage: StorageReport
  /** Anything else needed to use the set: preprocessing, augmentation, protocol, key, versions. */
  readonly about: Readonly<Record<string, unknown>>
}

const FILES = { tensors: 'set.safetensors', manifest: 'set.json' } as const

/** Writes a finished set into a folder: `set.safetensors` (parameters and labels) and `set.json`. */
export async function writeSet<P extends Tree>(
  folder: string,
  parameterization: Parameterization<P>,
  params: P,
  about: SetManifest['about'],
): Promise<SetManifest> {
  const { image, classes, slots, views, labels } = parameterization.layout
  const storage = parameterization.storage(params)
  const tensors = new Map([...namedLeaves(params), ['labels', tensor(labels, [slots])] as const])
  const bytes = [...tensors.values()].reduce((sum, t) => sum + 4 * t.size, 0)
  if (bytes !== storage.bytes)
    throw new HabaError(
      'writeSet',
      `${storage.bytes} bytes, as ${parameterization.name} reports`,
      `${bytes}`,
      'Mend its storage().',
    )
  const manifest: SetManifest = {
    format: 'haba-set',
    version: 1,
    parameterization: parameterization.name,
    layout: { image, classes, slots, views },
    storage,
    about,
  }
  await mkdir(folder, { recursive: true })
  await writeWhole(join(folder, FILES.tensors), toSafetensors(tensors))
  await writeWhole(join(folder, FILES.manifest), `${JSON.stringify(manifest, null, 2)}\n`)
  return manifest
}

async function writeWhole(path: string, data: Uint8Array | string): Promise<void> {
  await writeFile(`${path}.partial`, data)
  await rename(`${path}.partial`, path)
}

/**
 * Reads a finished set's parameters.
 *
 * @param like parameters of the same structure, such as those of a fresh `init`; only shapes matter
 */
export async function readSet<P extends Tree>(
  folder: string,
  like: P,
): Promise<{ readonly params: P; readonly manifest: SetManifest }> {
  const read = (name: string) =>
    readFile(join(folder, name)).catch(() => {
      throw new HabaError(`set ${folder}`, `a file ${name}`, 'none', 'Choose the folder of a finished run.')
    })
  const manifest = JSON.parse((await read(FILES.manifest)).toString('utf8')) as SetManifest
  const { tensors } = fromSafetensors(join(folder, FILES.tensors), await read(FILES.tensors))
  return { params: treeFromNamed(`set ${folder}`, like, tensors), manifest }
}

/** Renders every slot under every view. */
export async function expand<P extends Tree>(
  engine: Engine,
  parameterization: Parameterization<P>,
  params: P,
): Promise<RenderedSet> {
  const { layout } = parameterization
  const { slots, views, classes, image } = layout
  const render = engine.compile('expand', (set: Tree, rows: Rows) => parameterization.render(set as P, rows))
  const all = Int32Array.from({ length: slots }, (_, i) => i)
  const images = new Float32Array(views * slots * sizeOf(image))
  const targets = new Float32Array(slots * classes)
  for (let view = 0; view < views; view++) {
    const rows = rowsOf(all, view)
    const batch = await render(params, rows)
    images.set((await batch.images.data()) as Float32Array, view * slots * sizeOf(image))
    if (view === 0) targets.set((await batch.targets.data()) as Float32Array)
    disposeTree(batch, rows)
  }
  return { layout, images, targets }
}
