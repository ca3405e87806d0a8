import { mostBytesOf, quantizeTensors, refine, rounded, setCodec } from '@haba/codec'
import {
  namedLeaves,
  type AnyParameterization,
  type Network,
  type Parameterization,
  type SetCodec,
  type StorageReport,
  type Tree,
} from '@haba/core'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { CodecSettings } from '../config/config.js'
import { interruptible, type Interruption } from '../interruption.js'
import type { Progress } from '../progress.js'
import { readManifest } from './draw-run.js'
import type { About } from './finished-run.js'
import { inPlace } from './in-place.js'
import { keyFor, type Parts } from './parts.js'

export interface CodeOptions {
  readonly parts: Parts
  readonly parameterization: AnyParameterization
  /** The set before it is coded. */
  readonly set: Tree
  readonly settings: CodecSettings
  readonly progress: Progress
  readonly interruption: Interruption
  /** How to go on after an interruption. */
  readonly todo: string
}

/** A codec for this set: it rounds, and refines what is rounded where the settings say so. */
export async function codecFor(options: CodeOptions): Promise<SetCodec> {
  const { parts, parameterization, set, settings, progress, interruption, todo } = options
  const { refine: steps, during: _, ...how } = settings
  const quantized = await inPlace({ file: parts.read.file, path: 'codec' }, () =>
    quantizeTensors(namedLeaves(set), how),
  )
  if (steps === 0) return setCodec(how, quantized)
  const refined = await refine({
    engine: interruptible(parts.engine, interruption, `Stopped while refining. ${todo}`, () => {}),
    key: keyFor(parts.key, 'refine'),
    network: parts.network as Network,
    parameterization: parameterization as Parameterization<Tree>,
    params: set,
    quantized,
    steps,
    onStep: (step, error) =>
      progress.count('refining what is rounded: step', step, steps, `error ${error.toPrecision(3)}`),
  })
  const { before, after } = refined
  progress.say(`Refined: features differ by ${after.toPrecision(3)} (mean square), ${before.toPrecision(3)} before.`)
  return setCodec(how, refined.quantized)
}

/** Whether a folder holds the coded set of a run after so many steps: it is not coded again then. */
export async function isCoded(folder: string, steps: number, settings: CodecSettings): Promise<boolean> {
  if (!existsSync(join(folder, 'set.json'))) return false
  const { codec, about } = await readManifest(folder)
  const of = about as unknown as About
  return codec !== undefined && of.steps === steps && isDeepStrictEqual(of.codec, settings)
}

/** The set as the last part of a run sees it. */
export const seenRounded = (parameterization: AnyParameterization, settings: CodecSettings): AnyParameterization =>
  rounded(parameterization as Parameterization<Tree>, settings) as AnyParameterization

/** The step after which the set is distilled as it looks rounded. */
export const roundedFrom = ({ during }: CodecSettings, steps: number): number => steps - Math.round(during * steps)

/**
 * What a coded set takes at most, part by part: what entropy coding gains is known only of a finished set. Fixed parts and
 * labels take what they take without a codec.
 */
export function mostStorage(params: Tree, plain: StorageReport, codec: CodecSettings): StorageReport {
  const floats = [...namedLeaves(params)].filter(([, t]) => t.dtype === 'float32')
  const coded = floats.map(([path, t]) => ({
    name: path,
    floats: t.size,
    bytes: mostBytesOf(new Map([[path, t]]), codec),
  }))
  const parts = [...coded, ...plain.parts.filter((part) => part.floats === 0)]
  return { parts, floats: plain.floats, bytes: parts.reduce((sum, part) => sum + part.bytes, 0) }
}
