import { HabaError, type EncodedTensors, type SetCodec, type StoredTensors } from '@haba/core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { checkOptions, defaults, roundingOf, storageOf, type CodecOptions, type PartOptions } from './options.js'
import { fitScales, levelsOf, type Scales } from './scales.js'
import {
  coefficientPieces,
  decodePieces,
  halfPieces,
  integerPieces,
  levelPieces,
  whole,
  type Pieces,
} from './tensors.js'
import { bitsOfLevels, blocksOf, coefficientsOf, levelsOfCoefficients, MOST_BITS } from './transform.js'

/** Scales and levels of one tensor. */
export interface Quantized {
  readonly scales: Scales
  /** `[values]`, `0 … 2^bits − 1`. */
  readonly levels: Uint8Array
}

/** Levels of the coefficients of one tensor. */
export interface Transformed {
  /** Largest side of a block. */
  readonly block: number
  /** Difference of neighboring levels, float32. */
  readonly step: number
  /** `[blocks, height, width, channels]` */
  readonly coefficients: Int32Array
}

/** The name of the format in files. */
const NAME = 'haba-codec-1'

/** Rounds every float32 tensor that is not stored in floats; the steps of coefficients are multiplied by `coarser`. */
type Rounded = (coarser: number) => ReadonlyMap<string, Quantized | Transformed>

/** @throws HabaError for options out of range, a part that names no tensor, and values that are not finite */
function roundedBy(tensors: ReadonlyMap<string, Tensor>, options: CodecOptions): Rounded {
  checkOptions([...tensors.keys()], options)
  const each = [...tensors].flatMap(
    ([path, t]): (readonly [string, (coarser: number) => Quantized | Transformed])[] => {
      if (t.dtype !== 'float32') return []
      const values = t.dataSync<'float32'>()
      if (!values.every(Number.isFinite))
        throw new HabaError(
          'codec',
          `finite values in ${path}`,
          'others',
          'The run diverged: try smaller learning rates.',
        )
      const how = roundingOf(path, t.shape, options)
      if (!how) return []
      if (how.kind === 'levels') {
        const scales = fitScales(values, t.shape, how.how)
        const quantized = { scales, levels: levelsOf(values, scales) }
        return [[path, () => quantized]]
      }
      const { block } = how
      const coefficients = coefficientsOf(values, blocksOf(t.shape, block))
      const finest = how.step * deviationOf(values)
      const at = (coarser: number) => {
        const step = Math.fround(finest * coarser)
        return { block, step, coefficients: levelsOfCoefficients(coefficients, step) }
      }
      return [[path, at]]
    },
  )
  return (coarser) => new Map(each.map(([path, at]) => [path, at(coarser)]))
}

/** The factor by which steps must grow to keep within the bytes. @throws HabaError if no factor is enough */
function coarserBy(tensors: ReadonlyMap<string, Tensor>, options: CodecOptions, rounded: Rounded): number {
  const { bytes: allowed = Infinity } = options
  if (allowed === Infinity) return 1
  const bytesAt = (coarser: number) =>
    encodeTensors(tensors, options, rounded(coarser)).parts.reduce((sum, { bytes }) => sum + bytes, 0)
  if (bytesAt(1) <= allowed) return 1
  let [fine, coarse] = [0, COARSEST]
  const least = bytesAt(2 ** coarse)
  if (least > allowed)
    throw new HabaError(
      'codec',
      `at most ${allowed} bytes`,
      `at least ${least}`,
      'Store fewer images, or use fewer bits.',
    )
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (fine + coarse) / 2
    if (bytesAt(2 ** middle) <= allowed) coarse = middle
    else fine = middle
  }
  return 2 ** coarse
}

/** Steps grow by at most 2 to this power; bisection finds the factor in so many halvings. */
const [COARSEST, HALVINGS] = [10, 10]

/** The standard deviation of all values. */
function deviationOf(values: Float32Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
}

/**
 * Rounds every float32 tensor that is not stored in floats. Small tensors are stored in floats if float16 or float32 takes
 * fewer bytes than levels and scales.
 *
 * @throws HabaError for options out of range, a part that names no tensor, or values that are not finite; and if not even
 * the coarsest steps fit into the allowed bytes
 */
export function quantizeTensors(
  tensors: ReadonlyMap<string, Tensor>,
  options: CodecOptions = {},
): ReadonlyMap<string, Quantized | Transformed> {
  const rounded = roundedBy(tensors, options)
  return rounded(coarserBy(tensors, options, rounded))
}

/**
 * The same options with steps of coefficients that keep these tensors within the allowed bytes.
 *
 * @throws HabaError as `quantizeTensors`
 */
export function coarseEnough(tensors: ReadonlyMap<string, Tensor>, options: CodecOptions): CodecOptions {
  const coarser = coarserBy(tensors, options, roundedBy(tensors, options))
  const scaled = <P extends PartOptions>(part: P): P =>
    part.step === undefined ? part : { ...part, step: coarser * part.step }
  return {
    ...scaled({ step: defaults.step, ...options }),
    ...(options.parts && {
      parts: Object.fromEntries(Object.entries(options.parts).map(([name, part]) => [name, scaled(part)])),
    }),
  }
}

/** Encodes tensors and counts the bytes of each part. @param quantized @default the result of `quantizeTensors` */
export function encodeTensors(
  tensors: ReadonlyMap<string, Tensor>,
  options: CodecOptions = {},
  quantized: ReadonlyMap<string, Quantized | Transformed> = quantizeTensors(tensors, options),
): EncodedTensors {
  const stored = new Map<string, Tensor | Uint8Array>()
  const parts = new Map<string, { floats: number; bytes: number }>()
  const add = (name: string, floats: number, bytes: number) => {
    const part = parts.get(name) ?? { floats: 0, bytes: 0 }
    parts.set(name, { floats: part.floats + floats, bytes: part.bytes + bytes })
  }
  const overhead = { scales: 0, groups: 0, header: 0 }
  for (const [path, t] of tensors) {
    const pieces = piecesOf(path, t, options, quantized.get(path))
    stored.set(path, pieces ? whole(pieces) : t)
    const name = path.startsWith('objective.') ? path : path.split('.')[0]!
    add(name, t.dtype === 'float32' ? t.size : 0, pieces ? pieces.values.length : 4 * t.size)
    if (pieces) for (const piece of ['scales', 'groups', 'header'] as const) overhead[piece] += pieces[piece].length
  }
  add('codec: scales and offsets', 0, overhead.scales)
  add('codec: groups of patches', 0, overhead.groups)
  add('codec: headers', 0, overhead.header)
  return { stored, parts: [...parts].map(([name, part]) => ({ name, ...part })) }
}

function piecesOf(
  path: string,
  t: Tensor,
  options: CodecOptions,
  rounded?: Quantized | Transformed,
): Pieces | undefined {
  if (rounded && 'scales' in rounded) return levelPieces(t.shape, rounded.scales, rounded.levels)
  if (rounded) {
    const bits = bitsOfLevels(rounded.coefficients)
    if (bits > MOST_BITS)
      throw new HabaError(
        'codec',
        `fewer than ${2 ** (MOST_BITS - 1)} steps in the largest coefficient of ${path}`,
        `${2 ** (bits - 1)} or more`,
        'Use a larger step.',
      )
    return coefficientPieces(t.shape, rounded, bits)
  }
  if (t.dtype !== 'float32') {
    const pieces = integerPieces(t.shape, t.dataSync<'int32'>())
    return pieces && whole(pieces).length < 4 * t.size ? pieces : undefined
  }
  return storageOf(path, t.shape, t.size, options).kind === 'halves'
    ? halfPieces(t.shape, t.dataSync<'float32'>())
    : undefined
}

/** Decodes tensors, the same bits on every machine. @throws HabaError if bytes are damaged */
export const decodeTensors = (stored: StoredTensors, source = 'codec'): ReadonlyMap<string, Tensor> =>
  new Map(
    [...stored].map(([path, one]) => [path, one instanceof Uint8Array ? decodePieces(`${source}, ${path}`, one) : one]),
  )

/**
 * A codec for finished sets.
 *
 * @param quantized levels to use instead of rounding, such as those of `refine`
 */
export const setCodec = (
  options: CodecOptions = {},
  quantized?: ReadonlyMap<string, Quantized | Transformed>,
): SetCodec => ({
  name: NAME,
  encode: (tensors) => encodeTensors(tensors, options, quantized),
  decode: decodeTensors,
})
