import { mkdir, open, readdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  disposeTree,
  fold,
  HabaError,
  keyFrom,
  namedLeaves,
  permutation,
  realBatch,
  safetensorsHeader,
  safetensorsHeaderLength,
  safetensorsTensor,
  tensor,
  toSafetensors,
  trainer,
  treeFromNamed,
  type Augmentation,
  type Engine,
  type Key,
  type Network,
  type RealSource,
  type Tree,
} from '@haba/core'
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core'
import { checkCount } from './check.js'

/** Recorded trainings: weights of `count` networks at the epochs `0 … epochs`. */
export interface Experts {
  readonly count: number
  readonly epochs: number
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
  readonly rate?: number
  /** @default 256 */
  readonly batch?: number
  readonly onEpoch?: (progress: { readonly expert: number; readonly epoch: number; readonly loss: number }) => void
  /** Written into every file, to tell later what the experts were trained on. */
  readonly metadata?: Readonly<Record<string, string>>
}

const fileOf = (expert: number) => `expert-${String(expert).padStart(4, '0')}.safetensors`

/**
 * Trains experts and writes one safetensors file for each, epoch after epoch, so that two snapshots can be read without
 * the rest. Experts already in the folder are kept: an interrupted recording goes on where it was.
 */
export async function recordExperts(options: RecordExpertsOptions): Promise<void> {
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
    rate = 0.01,
    batch = 256,
  } = options
  checkCount('recordExperts', 'count', count)
  checkCount('recordExperts', 'epochs', epochs)
  await mkdir(folder, { recursive: true })
  const present = new Set(await readdir(folder))
  const teach = trainer({ engine, network, ...(augmentation && { augmentation }), ...(transform && { transform }) })
  for (let expert = 0; expert < count; expert++) {
    if (present.has(fileOf(expert))) continue
    const own = fold(fold(key, 'expert'), expert)
    const snapshots = new Map<string, Tensor>()
    const keep = (epoch: number, weights: Tree) =>
      // Copies: an engine may reuse what a tensor holds, and trap 9 of the reference code is snapshots that alias.
      namedLeaves(weights).forEach((t, path) =>
        snapshots.set(`${epoch}/${path}`, tensor(t.dataSync().slice() as Float32Array, t.shape)),
      )
    let training = teach.start(fold(own, 'network'))
    keep(0, training.weights)
    for (let epoch = 1; epoch <= epochs; epoch++) {
      const order = permutation(fold(fold(own, 'order'), epoch), real.labels.length)
      let total = 0
      for (let at = 0; at < order.length; at += batch) {
        const indices = order.slice(at, at + batch)
        const labelled = await realBatch(real, indices)
        const { next, loss } = await teach.step(training, labelled, rate, fold(fold(fold(own, 'augment'), epoch), at))
        disposeTree(training, labelled)
        training = next
        total += loss * indices.length
      }
      keep(epoch, training.weights)
      options.onEpoch?.({ expert, epoch, loss: total / order.length })
    }
    const file = toSafetensors(snapshots, { ...options.metadata, network: network.name, epochs: `${epochs}` })
    // Whole or not at all: an interrupted write leaves no half file under the real name.
    await writeFile(join(folder, `${fileOf(expert)}.partial`), file)
    await rename(join(folder, `${fileOf(expert)}.partial`), join(folder, fileOf(expert)))
    disposeTree(training, [...snapshots.values()])
  }
}

/**
 * Opens a folder of recorded experts. Reads headers only; `read` then fetches one epoch's bytes.
 *
 * @param limit use the first experts only @default all
 * @throws HabaError if there are none, or they belong to another network
 */
export async function openExperts(folder: string, network: Network, limit = Infinity): Promise<Experts> {
  const who = `experts ${folder}`
  const names = (await readdir(folder).catch(() => [])).filter((name) => /^expert-\d+\.safetensors$/.test(name)).sort()
  const files = names.slice(0, limit)
  if (files.length === 0)
    throw new HabaError(who, 'files named expert-0000.safetensors', 'none', 'Record them with `haba experts`.')
  const headers = await Promise.all(files.map((name) => readHeader(join(folder, name))))
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
  const epochs = Math.min(...headers.map(({ metadata }) => Number(metadata.epochs)))
  return {
    count: files.length,
    epochs,
    async read(expert, epoch) {
      const { tensors, dataStart } = headers[expert]!
      const wanted = [...tensors].filter(([name]) => name.startsWith(`${epoch}/`))
      const from = Math.min(...wanted.map(([, entry]) => entry.data_offsets[0]))
      const to = Math.max(...wanted.map(([, entry]) => entry.data_offsets[1]))
      const path = join(folder, files[expert]!)
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
      return treeFromNamed(path, template, named, `${epoch}/`)
    },
  }
}

async function readBytes(path: string, position: number, length: number): Promise<Uint8Array> {
  const file = await open(path)
  try {
    const bytes = new Uint8Array(length)
    const { bytesRead } = await file.read(bytes, 0, length, position)
    return bytes.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

async function readHeader(path: string) {
  const first = await readBytes(path, 0, 8)
  return safetensorsHeader(
    path,
    first.length < 8 ? first : await readBytes(path, 0, Math.min(safetensorsHeaderLength(first), 2 ** 26)),
  )
}
