import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  bitsOfIndexSets,
  checkArguments,
  checkedJson,
  checkFinite,
  fromSafetensors,
  HabaError,
  namedLeaves,
  packIndexSets,
  parseCheckedJson,
  storageOf,
  storageReport,
  storedLabels,
  systemCode,
  systemError,
  tensor,
  toSafetensors,
  treeFromNamed,
  unpackIndexSets,
  type Complaint,
  type IndexSets,
  type Parameterization,
  type SetCodec,
  type StorageReport,
  type Tree,
} from '@haba/core'
import { writeWhole } from '@haba/core/files'
import type { Tensor } from '@tensorflow/tfjs-core'

/** The manifest of a finished set (`set.json`). */
export interface SetManifest {
  readonly format: 'haba-set'
  /** 1: 32-bit values; 2: coded by `codec`. */
  readonly version: 1 | 2
  /** The name of the codec that wrote the parameters. */
  readonly codec?: string
  readonly parameterization: string
  readonly layout: {
    readonly image: readonly number[]
    readonly classes: number
    readonly slots: number
    readonly views: number
  }
  readonly storage: StorageReport
  /** Fixed parts that the file stores as packed words (`packIndexSets`), by their paths. */
  readonly indexSets?: NonNullable<Parameterization<Tree>['indexSets']>
  /** Anything else needed to use the set: preprocessing, augmentation, protocol, key, versions. */
  readonly about: Readonly<Record<string, unknown>>
}

const FILES = { tensors: 'set.safetensors', manifest: 'set.json' } as const

/**
 * Writes a finished set into a folder: `set.safetensors` (parameters and labels) and `set.json`, with checksums.
 *
 * @param codec stores the parameters in fewer bits; the set is then what `readSet` returns, not `params`
 * @throws HabaError if the file would not have the reported size, or a parameter is not finite
 */
export async function writeSet<P extends Tree>(
  folder: string,
  parameterization: Parameterization<P>,
  params: P,
  about: SetManifest['about'],
  codec?: SetCodec,
): Promise<SetManifest> {
  checkArguments(
    'writeSet',
    { folder, parameterization, params },
    { folder: 'text', parameterization: 'parameterization', params: 'object' },
  )
  const { image, classes, slots, views } = parameterization.layout
  checkFinite(`set ${folder}`, params, 'before it was written', 'Nothing was written.')
  const plain = storageOf(parameterization, params)
  const { indexSets } = parameterization
  const packed = new Map(
    [...namedLeaves(params)].map(([path, leaf]) => {
      const below = indexSets?.[path]?.below
      return [path, below === undefined ? leaf : packedSets(leaf, below)] as const
    }),
  )
  const encoded = codec?.encode(packed)
  const labels = storedLabels(parameterization.layout)
  const tensors = new Map([...(encoded?.stored ?? packed), ['labels', labels] as const])
  const storage = encoded ? codedStorage(encoded.parts, bytesOf(labels)) : plain
  const bytes = [...tensors.values()].reduce((sum, one) => sum + bytesOf(one), 0)
  if (bytes !== storage.bytes)
    throw new HabaError(
      'writeSet',
      `${storage.bytes} bytes, as ${codec?.name ?? parameterization.name} reports`,
      `${bytes}`,
      codec
        ? 'The parts of its encode() must add up to the bytes it stores.'
        : 'Its storage() must report the bytes it stores.',
    )
  const manifest: SetManifest = {
    format: 'haba-set',
    version: codec ? 2 : 1,
    parameterization: parameterization.name,
    ...(codec && { codec: codec.name }),
    layout: { image, classes, slots, views },
    storage,
    ...(indexSets && { indexSets }),
    about,
  }
  await mkdir(folder, { recursive: true })
  await writeWhole(join(folder, FILES.tensors), toSafetensors(tensors))
  await writeWhole(join(folder, FILES.manifest), `${checkedJson(manifest, 2)}\n`)
  return manifest
}

const bytesOf = (one: Tensor | Uint8Array) => (one instanceof Uint8Array ? one.length : 4 * one.size)

const codedStorage = (coded: StorageReport['parts'], labels: number): StorageReport =>
  storageReport([...coded, { name: 'labels', floats: 0, bytes: labels }])

/** Checks the fields of a manifest that `readSet` uses. */
function checkManifest(value: unknown): Complaint {
  const manifest = (typeof value === 'object' && value !== null ? value : {}) as Readonly<Record<string, unknown>>
  const { format, codec, indexSets = {} } = manifest
  const wrong = (field: string, expected: string, got: unknown) => ({ field, expected, got: `${JSON.stringify(got)}` })
  if (format !== 'haba-set') return wrong('format', '"haba-set"', format)
  if (codec !== undefined && typeof codec !== 'string') return wrong('codec', 'a name', codec)
  const sets = typeof indexSets === 'object' && indexSets !== null ? Object.entries(indexSets) : undefined
  const isSet = (set: unknown) => Number.isSafeInteger((set as { below?: unknown } | null)?.below)
  if (!sets?.every(([, set]) => isSet(set)))
    return wrong('indexSets', 'a whole number "below" for each path', indexSets)
  return undefined
}

/**
 * Reads the parameters of a finished set. A coded set is decoded.
 *
 * @param like parameters of the same structure, such as those of a fresh `init`; only shapes matter
 * @param codec the codec that the manifest names, for a coded set
 * @throws HabaError if the folder has no set, or a set that is damaged, has other shapes or another codec
 */
export async function readSet<P extends Tree>(
  folder: string,
  like: P,
  codec?: SetCodec,
): Promise<{ readonly params: P; readonly manifest: SetManifest }> {
  const read = (name: string) =>
    readFile(join(folder, name)).catch((cause: unknown) => {
      if (systemCode(cause) !== 'ENOENT') throw systemError(cause, join(folder, name), 'to read it')
      throw new HabaError(`set ${folder}`, `a file ${name}`, 'none', 'Choose the folder of a finished run.', { cause })
    })
  const part = async (name: string) => ({ file: join(folder, name), bytes: await read(name) })
  const manifest = await part(FILES.manifest)
  return parseSet({ manifest, tensors: await part(FILES.tensors) }, like, codec)
}

/** A file that has been read. */
export interface SetFile {
  /** As errors name it. */
  readonly file: string
  readonly bytes: Uint8Array
}

/** `readSet` of files that have been read, wherever they lie. @throws HabaError as `readSet` */
export function parseSet<P extends Tree>(
  files: { readonly manifest: SetFile; readonly tensors: SetFile },
  like: P,
  codec?: SetCodec,
): { readonly params: P; readonly manifest: SetManifest } {
  const manifest = parseCheckedJson<SetManifest>(files.manifest.file, new TextDecoder().decode(files.manifest.bytes), {
    kind: 'set',
    check: checkManifest,
  })
  if (manifest.codec !== undefined && manifest.codec !== codec?.name)
    throw new HabaError(
      `set ${files.manifest.file}`,
      codec ? `the codec ${codec.name}` : 'a set without a codec',
      `one coded by ${manifest.codec}`,
      'Read it with that codec.',
    )
  const { file } = files.tensors
  const { tensors, bytes } = fromSafetensors(file, files.tensors.bytes, 'set')
  const coded = new Map<string, Tensor | Uint8Array>([...tensors, ...bytes])
  coded.delete('labels')
  const decoded = manifest.codec === undefined ? tensors : codec!.decode(coded, file)
  const who = `set ${file}, read with its ${FILES.manifest}`
  const unpacked = new Map(decoded)
  for (const [path, { below }] of Object.entries(manifest.indexSets ?? {})) {
    const [words, shape] = [decoded.get(path), namedLeaves(like).get(path)?.shape]
    if (words && shape?.length === 2) unpacked.set(path, unpackedSets(`${who}: ${path}`, words, shape, below))
  }
  return { params: treeFromNamed(who, like, unpacked), manifest }
}

const setsOf = (shape: readonly number[], below: number): IndexSets => ({ rows: shape[0]!, size: shape[1]!, below })

/** `[rows, size]` int32 as words. */
function packedSets(leaf: Tensor, below: number): Tensor {
  const words = packIndexSets(leaf.dataSync<'int32'>(), setsOf(leaf.shape, below))
  return tensor(words, [words.length])
}

/** @throws HabaError if the number of words does not match the shape */
function unpackedSets(who: string, words: Tensor, shape: readonly number[], below: number): Tensor {
  const sets = setsOf(shape, below)
  const count = Math.ceil(bitsOfIndexSets(sets) / 32)
  if (words.size !== count)
    throw new HabaError(who, `${count} words`, `${words.size}`, 'The file was written with other settings.')
  return tensor(unpackIndexSets(words.dataSync<'int32'>(), sets), shape)
}
