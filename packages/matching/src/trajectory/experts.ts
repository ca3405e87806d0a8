import { mkdir, open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  checkCount,
  checkArguments,
  checkFinite,
  disposeTree,
  firstNotFinite,
  foldIn,
  HabaError,
  keyFrom,
  namedLeaves,
  notFiniteError,
  permutation,
  realBatch,
  safetensorsHeader,
  safetensorsHeaderLength,
  safetensorsTensor,
  systemCode,
  systemError,
  tensor,
  toSafetensors,
  trainer,
  treeFromNamed,
  warnWithoutChecksums,
  type Augmentation,
  type Engine,
  type Key,
  type Network,
  type NotFinite,
  type RealSource,
  type Tree,
} from '@haba/core'
import { writeWhole } from '@haba/core/files'
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core'

/** Recorded trainings: weights of `count` networks at the epochs `0 … epochs`. */
export interface Experts {
  readonly count: number
  readonly epochs: number
  /** `metadata.identity` of their files; absent where they were recorded without. */
  readonly identity?: string
  /** The weights of one expert after `epoch` epochs; the caller owns them. */
  read(expert: number, epoch: number): Promise<Tree>
}

/** Options of `recordExperts`. */
export interface RecordExpertsOptions {
  readonly folder: string
  readonly engine: Engine
  readonly network: Network
  readonly real: RealSource
  readonly key: Key
  readonly count: number
  /** Only epochs up to `maxStartEpoch - 1 + expertEpochs` are ever read; training further is lost time. */
  readonly epochs: number
  readonly augmentation?: Augmentation
  readonly transform?: (images: Tensor4D) => Tensor4D
  /** Constant, without momentum or weight decay, as published. @default 0.01 */
  readonly learningRate?: number
  /** @default 256 */
  readonly batch?: number
  readonly onEpoch?: (progress: { readonly expert: number; readonly epoch: number; readonly loss: number }) => void
  /** Written into every file, to tell later what the experts were trained on; `identity` must be one for all in a folder. */
  readonly metadata?: Readonly<Record<string, string>>
}

const fileOf = (expert: number) => `expert-${String(expert).padStart(4, '0')}.safetensors`

/**
 * Trains experts and writes one safetensors file for each, epoch after epoch, so that two snapshots can be read without
 * the rest. Experts already in the folder are kept: an interrupted recording resumes.
 *
 * @throws HabaError for an expert that diverged: its loss or a weight is not finite. It is not written; `isNotFinite` knows
 * the error
 */
export async function recordExperts(options: RecordExpertsOptions): Promise<void> {
  checkArguments('recordExperts', options, {
    folder: 'text',
    engine: 'engine',
    network: 'network',
    real: 'real',
    key: 'key',
    count: 'number',
    epochs: 'number',
    augmentation: 'augmentation?',
  })
  const {
    folder,
    engine,
    network,
    real,
    key,
    count,
    epochs,
    augmentation,
    transform,
    learningRate = 0.01,
    batch = 256,
  } = options
  checkCount('recordExperts', 'count', count)
  checkCount('recordExperts', 'epochs', epochs)
  await mkdir(folder, { recursive: true })
  const present = new Set(await readdir(folder))
  const refuse = (bad: NotFinite, expert: number, epoch: number) => {
    const todo = 'This expert is not written; finished ones are kept. Lower the rate of experts.'
    throw notFiniteError(`expert ${expert + 1}`, bad, `in epoch ${epoch}`, todo)
  }
  const teach = trainer({ engine, network, ...(augmentation && { augmentation }), ...(transform && { transform }) })
  for (let expert = 0; expert < count; expert++) {
    if (present.has(fileOf(expert))) continue
    const own = foldIn(foldIn(key, 'expert'), expert)
    const snapshots = new Map<string, Tensor>()
    const keep = (epoch: number, weights: Tree) =>
      // Copies: an engine may reuse the memory of a tensor, and snapshots must not change with it.
      namedLeaves(weights).forEach((t, path) =>
        snapshots.set(`${epoch}/${path}`, tensor(t.dataSync<'float32'>().slice(), t.shape)),
      )
    let training = teach.start(foldIn(own, 'network'))
    keep(0, training.weights)
    for (let epoch = 1; epoch <= epochs; epoch++) {
      const order = permutation(foldIn(foldIn(own, 'order'), epoch), real.labels.length)
      let total = 0
      for (let at = 0; at < order.length; at += batch) {
        const indices = order.slice(at, at + batch)
        const labeled = await realBatch(real, indices)
        const { next, loss } = await teach.step(
          training,
          labeled,
          learningRate,
          foldIn(foldIn(foldIn(own, 'augment'), epoch), at),
        )
        disposeTree(training, labeled)
        training = next
        if (!Number.isFinite(loss)) refuse({ path: 'loss', value: loss }, expert, epoch)
        total += loss * indices.length
      }
      const bad = firstNotFinite(training.weights)
      if (bad) refuse({ ...bad, path: `weights.${bad.path}` }, expert, epoch)
      keep(epoch, training.weights)
      options.onEpoch?.({ expert, epoch, loss: total / order.length })
    }
    const file = toSafetensors(snapshots, { ...options.metadata, network: network.name, epochs: `${epochs}` })
    await writeWhole(join(folder, fileOf(expert)), file)
    disposeTree(training, [...snapshots.values()])
  }
}

/**
 * Opens a folder of recorded experts. Reads headers only; `read` then fetches one epoch's bytes, and refuses what is damaged
 * or not finite.
 *
 * @param limit use the first experts only @default all
 * @throws HabaError if there are none, they belong to another network, or some were recorded with another identity
 */
export async function openExperts(folder: string, network: Network, limit = Infinity): Promise<Experts> {
  const who = `experts ${folder}`
  const all = await readdir(folder).catch((error: unknown): string[] => {
    if (systemCode(error) === 'ENOENT') return []
    throw systemError(error, folder, 'to read it')
  })
  const names = all.filter((name) => /^expert-\d+\.safetensors$/.test(name)).sort()
  const files = names.slice(0, limit)
  if (files.length === 0)
    throw new HabaError(who, 'files named expert-0000.safetensors', 'none', 'Record them with `haba experts`.')
  const headers = await Promise.all(files.map((name) => readHeader(join(folder, name))))
  headers.forEach((header, i) => warnWithoutChecksums('expert', join(folder, files[i]!), header))
  const { weights: template, state } = network.init(keyFrom(0))
  disposeTree(state)
  for (const [i, { metadata }] of headers.entries())
    if (metadata.network !== network.name)
      throw new HabaError(
        `${who}, ${files[i]}`,
        `experts of ${network.name}`,
        `${metadata.network}`,
        'Use the network that they were recorded with.',
      )
  const identity = headers[0]!.metadata.identity
  const other = headers.findIndex(({ metadata }) => metadata.identity !== identity)
  if (other > 0)
    throw new HabaError(
      `${who}, ${files[other]}`,
      `experts that were recorded together: the identity ${identity ?? 'none'} of ${files[0]}`,
      `${headers[other]!.metadata.identity ?? 'none'}`,
      'Keep experts of other data in a folder of their own.',
    )
  const epochs = Math.min(...headers.map(({ metadata }, i) => epochsOf(join(folder, files[i]!), metadata.epochs)))
  return {
    count: files.length,
    epochs,
    ...(identity !== undefined && { identity }),
    async read(expert, epoch) {
      const { tensors, dataStart } = headers[expert]!
      const wanted = [...tensors].filter(([name]) => name.startsWith(`${epoch}/`))
      const path = join(folder, files[expert]!)
      if (wanted.length === 0)
        throw new HabaError(`expert ${path}`, `weights after epoch ${epoch}`, 'none', 'Record it again.')
      const from = Math.min(...wanted.map(([, entry]) => entry.data_offsets[0]))
      const to = Math.max(...wanted.map(([, entry]) => entry.data_offsets[1]))
      const bytes = await readBytes(path, dataStart + from, to - from)
      const named = new Map(
        wanted.map(([name, entry]) => {
          const [begin, end] = entry.data_offsets
          return [
            name,
            safetensorsTensor(`${path}, tensor ${name}`, entry, bytes.subarray(begin - from, end - from)),
          ] as const
        }),
      )
      const weights = treeFromNamed(path, template, named, `${epoch}/`)
      checkFinite(`expert ${path}`, weights, `after epoch ${epoch}`, 'It diverged: record it again, at a lower rate.')
      return weights
    },
  }
}

function epochsOf(path: string, written: string | undefined): number {
  const epochs = Number(written)
  if (written !== undefined && Number.isSafeInteger(epochs) && epochs >= 1) return epochs
  throw new HabaError(`expert ${path}`, 'a number of "epochs" in its metadata', `${written}`, 'Record it again.')
}

async function readBytes(path: string, position: number, length: number): Promise<Uint8Array> {
  try {
    const file = await open(path)
    try {
      const bytes = new Uint8Array(length)
      const { bytesRead } = await file.read(bytes, 0, length, position)
      return bytes.subarray(0, bytesRead)
    } finally {
      await file.close()
    }
  } catch (error) {
    throw systemError(error, path, 'to read it')
  }
}

async function readHeader(path: string) {
  const { size } = await stat(path)
  const first = await readBytes(path, 0, 8)
  const length = first.length < 8 ? first.length : Math.min(safetensorsHeaderLength(first), size, 2 ** 27)
  return safetensorsHeader(path, await readBytes(path, 0, length), size)
}
