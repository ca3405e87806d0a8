import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Tensor } from '@tensorflow/tfjs-core'
import {
  bitsOfIndexSets,
  disposeTree,
  fromSafetensors,
  HabaError,
  namedLeaves,
  packIndexSets,
  rowsOf,
  sizeOf,
  tensor,
  toSafetensors,
  treeFromNamed,
  unpackIndexSets,
  type Engine,
  type IndexSets,
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
  /** Fixed parts that lie in the file as packed words (`packIndexSets`), by their paths. */
  readonly indexSets?: NonNullable<Parameterization<Tree>['indexSets']>
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
  const { indexSets } = parameterization
  const packed = [...namedLeaves(params)].map(([path, leaf]) => {
    const below = indexSets?.[path]?.below
    return [path, below === undefined ? leaf : packedSets(leaf, below)] as const
  })
  const tensors = new Map([...packed, ['labels', tensor(labels, [slots])] as const])
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
    ...(indexSets && { indexSets }),
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
  const unpacked = new Map(tensors)
  for (const [path, { below }] of Object.entries(manifest.indexSets ?? {})) {
    const [words, shape] = [tensors.get(path), namedLeaves(like).get(path)?.shape]
    if (words && shape) unpacked.set(path, unpackedSets(`set ${folder}: ${path}`, words, shape, below))
  }
  return { params: treeFromNamed(`set ${folder}`, like, unpacked), manifest }
}

const setsOf = (shape: readonly number[], below: number): IndexSets => ({ rows: shape[0]!, size: shape[1]!, below })

/** `[rows, size]` int32 as words. */
function packedSets(leaf: Tensor, below: number): Tensor {
  const words = packIndexSets(leaf.dataSync() as Int32Array, setsOf(leaf.shape, below))
  return tensor(words, [words.length])
}

/** @throws HabaError for another number of words than the shape needs */
function unpackedSets(who: string, words: Tensor, shape: readonly number[], below: number): Tensor {
  const sets = setsOf(shape, below)
  const count = Math.ceil(bitsOfIndexSets(sets) / 32)
  if (words.size !== count)
    throw new HabaError(who, `${count} words`, `${words.size}`, 'It was written with other settings.')
  return tensor(unpackIndexSets(words.dataSync() as Int32Array, sets), shape)
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
