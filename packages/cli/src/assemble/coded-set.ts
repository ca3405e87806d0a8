import { coarseEnough, mostBytesOf, quantizeTensors, refine, rounded, setCodec, type CodecOptions } from '@haba/codec'
import { initialSet, type DistillSpec } from '@haba/distill'
import {
  disposeTree,
  HabaError,
  labelBytes,
  namedLeaves,
  storageReport,
  type AnyParameterization,
  type SetCodec,
  type StorageReport,
  type Tree,
} from '@haba/core'
import type { CodecSettings } from '../config/config.js'
import { interruptible } from '../interruption.js'
import type { Progress } from '../tell/progress.js'
import { inPlace } from './in-place.js'
import { keyFor, type Parts } from './parts.js'

export interface CodeOptions {
  readonly parts: Parts
  readonly parameterization: AnyParameterization
  /** The set before it is coded. */
  readonly set: Tree
  /** What is stored beside it without being coded. */
  readonly otherBytes: number
  readonly settings: CodecSettings
  readonly progress: Progress
  /** Ends refining. */
  readonly signal: AbortSignal
  /** How to go on after an interruption. */
  readonly todo: string
}

/** A codec for this set: it rounds, and refines what is rounded where the settings say so. */
export async function codecFor(options: CodeOptions): Promise<SetCodec> {
  const { parts, parameterization, set, settings, otherBytes, progress, signal, todo } = options
  const { refine: steps, during: _, bytes, ...coding } = settings
  const how = { ...coding, ...(bytes !== undefined && { bytes: bytes - otherBytes }) }
  const quantized = await inPlace({ file: parts.read.file, path: 'codec' }, () =>
    quantizeTensors(namedLeaves(set), how),
  )
  if (steps === 0) return setCodec(how, quantized)
  const refined = await refine({
    engine: interruptible(parts.engine, signal, `Stopped while refining. ${todo}`),
    key: keyFor(parts.key, 'refine'),
    network: parts.network,
    parameterization: parameterization,
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

/**
 * The last part of a run, where the set is distilled as it looks rounded; nothing where no part of it is. Coefficients are rounded
 * as coarsely as the set that the run starts from must be, so that a run that resumes knows it again.
 */
export async function laterOf(codec: CodecSettings | undefined, spec: DistillSpec) {
  if (!codec || codec.during === 0) return {}
  const { parameterization, steps } = spec
  const { refine: _refine, during, ...coding } = codec
  let how: CodecOptions = coding
  if (codec.bytes !== undefined) {
    const start = await initialSet(spec)
    how = coarseEnough(namedLeaves(start), { ...coding, bytes: codec.bytes - labelBytes(parameterization.layout) })
    disposeTree(start)
  }
  const seen = rounded(parameterization, how)
  return { later: { after: steps - Math.round(during * steps), parameterization: seen } }
}

/**
 * What a coded set takes at most: part by part before entropy coding, whose gain is known only of a finished set; in one where
 * the configuration says how many bytes it may take. Fixed parts and labels take what they take without a codec.
 *
 * @throws HabaError where coefficients are rounded and nothing limits their bytes, or are to be refined
 */
export function mostStorage(params: Tree, plain: StorageReport, codec: CodecSettings): StorageReport {
  if (codec.refine > 0 && [codec, ...Object.values(codec.parts)].some(({ transform }) => transform === 'dct'))
    throw new HabaError('codec', 'refine 0 beside "transform": "dct"', `${codec.refine}`, 'Use "during" instead.')
  const all = namedLeaves(params)
  const limited = mostBytesOf(new Map(all), codec)
  if (!Number.isFinite(limited))
    throw new HabaError('codec', '"bytes" beside "transform": "dct"', 'none', 'Say how many bytes the set may take.')
  const floats = [...all].filter(([, t]) => t.dtype === 'float32')
  const fixed = plain.parts.filter((part) => part.floats === 0)
  const rest = fixed.reduce((sum, part) => sum + part.bytes, 0)
  const coded =
    codec.bytes === undefined
      ? floats.map(([path, t]) => ({ name: path, floats: t.size, bytes: mostBytesOf(new Map([[path, t]]), codec) }))
      : [{ name: 'coded', floats: plain.floats, bytes: Math.min(limited, codec.bytes - rest) }]
  return storageReport([...coded, ...fixed])
}
