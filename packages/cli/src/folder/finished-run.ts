import {
  HabaError,
  identify,
  keyFrom,
  namedLeaves,
  scalar,
  storageOf,
  tensorLeaves,
  tensor,
  sizeOf,
  storageReport,
  disposeTree,
  type AnyParameterization,
  type Identity,
  type ImageContext,
  type Key,
  type Layout,
  type Parameterization,
  type SetCodec,
  type StorageReport,
  type Tree,
} from '@haba/core'
import { setCodec } from '@haba/codec'
import type { DistillState } from '@haba/distill'
import { parseSet, writeSet, type SetManifest } from '@haba/distill/files'
import { describeProtocol, type Protocol } from '@haba/eval'
import { configText } from '../config/write-config.js'
import { protocolPart, type MadeOf } from './made-of.js'
import { nameIn, readRunFile } from './packed.js'
import type { Parts } from '../assemble/parts.js'
import type { SavedPreprocessing } from './preprocessing-file.js'
import { versions } from './versions.js'

/** The field `about` of `set.json`. */
export interface About {
  readonly name: string
  readonly seed: number
  /** 16 hexadecimal digits. */
  readonly key: string
  readonly steps: number
  readonly data: {
    readonly name: string
    readonly classNames: readonly string[]
    readonly source: unknown
    /** Warnings about the data, for readers of results. */
    readonly warnings?: readonly string[]
  }
  readonly preprocessing: SavedPreprocessing
  readonly labels: readonly number[]
  /** How stored numbers become images. */
  readonly decoder: Readonly<Record<string, unknown>>
  /** Scalars that the objective learned with the set; stored as `objective.NAME`. */
  readonly learned: Readonly<Record<string, number>>
  readonly objective: unknown
  readonly games: unknown
  readonly augmentation: unknown
  readonly network: string
  readonly protocol: Readonly<Record<string, unknown>>
  /** How the set was coded, if it was. */
  readonly codec?: unknown
  readonly versions: Readonly<Record<string, string>>
  /** What the set was made of; absent in sets of earlier versions. */
  readonly identity?: Identity<MadeOf>
}

/** The field `about`, typed. */
export const aboutOf = ({ about }: SetManifest): About => about as unknown as About

/** What a set is made for, as its manifest says. */
export const imageContextOf = ({ layout: { image, classes } }: SetManifest): ImageContext => ({
  image: [image[0]!, image[1]!, image[2]!],
  classes,
})

export interface WriteRunSetOptions {
  readonly folder: string
  readonly parts: Parts
  readonly parameterization: AnyParameterization
  readonly state: DistillState
  readonly protocol: Protocol
  readonly preprocessing: SavedPreprocessing
  /** The configuration's section "set", with a description. */
  readonly decoder: Readonly<Record<string, unknown>>
  /** Stores the set in few bits. */
  readonly codec?: SetCodec
}

/** Writes `set.safetensors` and `set.json`. */
export async function writeRunSet(options: WriteRunSetOptions): Promise<StorageReport> {
  const { folder, parts, parameterization, state, protocol, preprocessing, decoder, codec } = options
  const { read, data, network, key } = parts
  const learned = Object.fromEntries(allLearned(state))
  const config = JSON.parse(configText(read.config, read.tables, folder)) as typeof read.config
  const about: About = {
    name: config.name,
    seed: config.seed,
    key: hex(key),
    steps: state.step,
    data: {
      name: data.name,
      classNames: data.classNames,
      source: config.data,
      ...(data.warnings && { warnings: data.warnings }),
    },
    preprocessing,
    labels: [...parameterization.layout.labels],
    decoder: { name: parameterization.name, ...decoder },
    learned,
    objective: config.objective,
    games: config.games,
    augmentation: config.augmentation,
    network: network.name,
    protocol: describeProtocol(protocol),
    ...(codec && { codec: config.codec }),
    versions: versions(),
    identity: identify({ ...parts.made, ...protocolPart(describeProtocol(protocol)) }),
  }
  const { whole, params } = withLearned(parameterization, state.set, learned)
  const { storage } = await writeSet(folder, whole, params, { ...about }, codec)
  return storage
}

/** All values that an objective learned, including lists of learning rates. */
export const allLearned = ({ objective }: DistillState): (readonly [string, number])[] =>
  tensorLeaves(objective.params).length === 0
    ? []
    : [...namedLeaves(objective.params)].flatMap(([name, t]) =>
        [...t.dataSync()].map((value, i) => [t.size === 1 ? name : `${name}.${i}`, value] as const),
      )

const hex = ({ hi, lo }: Key) => [hi, lo].map((word) => word.toString(16).padStart(8, '0')).join('')

/** The same parameterization, storing learned numbers beside its own: a set without its step size is not the set. */
function withLearned(parameterization: AnyParameterization, set: Tree, learned: Readonly<Record<string, number>>) {
  const names = Object.keys(learned)
  const extra = names.map((name) => ({ name: `objective.${name}`, floats: 1, bytes: 4 }))
  const objective = Object.fromEntries(names.map((name) => [name, scalar(learned[name]!)]))
  const whole: Parameterization<Tree> = {
    ...parameterization,
    storage: () => storageReport([...storageOf(parameterization, set).parts, ...extra]),
  }
  return { whole, params: names.length === 0 ? set : Object.assign({}, set, { objective }) }
}

/** A finished set in a run folder. */
export interface RunSet {
  readonly params: Tree
  readonly manifest: SetManifest
  readonly about: About
}

/** Reads the set of a run. @throws HabaError if it does not exist, or was made with other settings */
export async function readRunSet(folder: string, parameterization: AnyParameterization): Promise<RunSet> {
  const like = await shapesOf(parameterization)
  const part = async (name: string) => {
    const bytes = await readRunFile(folder, name)
    if (!bytes) throw new HabaError(`set ${folder}`, `a file ${name}`, 'none', 'Choose the folder of a finished run.')
    return { file: nameIn(folder, name), bytes }
  }
  const files = { manifest: await part('set.json'), tensors: await part('set.safetensors') }
  const { params, manifest } = parseSet(files, like, setCodec())
  disposeTree(like)
  return { params, manifest, about: aboutOf(manifest) }
}

/** Parameters with the right shapes and arbitrary values; the caller owns them. */
export const shapesOf = async (parameterization: AnyParameterization): Promise<Tree> =>
  parameterization.zeros?.() ?? (await parameterization.init(keyFrom(0), blank(parameterization.layout)))

/** Replaces real images if only shapes matter. */
const blank =
  ({ image, classes }: Layout) =>
  async (perClass: number) => {
    const count = perClass * classes
    return {
      images: tensor(new Float32Array(count * sizeOf(image)), [count, ...image]),
      targets: tensor(new Float32Array(count * classes), [count, classes]),
    }
  }
