import { HabaError, sizeOf, type EncodedTensors, type SetCodec, type StoredTensors } from '@haba/core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { fitScales, levelsOf, type Quantization, type Scales } from './scales.js'
import { decodePieces, halfPieces, integerPieces, levelPieces, mostBytes, whole, type Pieces } from './tensors.js'

/** How the tensors of one part are stored. */
export interface PartOptions {
  /** Bits of a value: 1 … 8 with a scale and an offset for each patch; 16: float16; 32: as they are. @default 4 */
  readonly bits?: number
  /** Side of a patch, in values: 1 … 255. @default 5 */
  readonly patch?: number
  /** Pairs of scale and offset that all patches of a tensor share: up to 65,536; 0: a pair for each patch. @default 16 */
  readonly groups?: number
}

/** Options of `setCodec`. */
export interface CodecOptions extends PartOptions {
  /** What differs for some tensors, by the beginning of their paths, such as `hallucinators`; the longest that fits counts. */
  readonly parts?: Readonly<Record<string, PartOptions>>
}

/** Scales and levels of one tensor. */
export interface Quantized {
  readonly scales: Scales
  /** `[values]`, `0 … 2^bits − 1`. */
  readonly levels: Uint8Array
}

/** Names the format in files. */
const NAME = 'haba-codec-1'

const optionsOf = ({ parts = {}, ...all }: CodecOptions, path: string): Required<PartOptions> => {
  const [longest] = Object.keys(parts)
    .filter((part) => path === part || path.startsWith(`${part}.`))
    .sort((a, b) => b.length - a.length)
  const own = longest === undefined ? {} : parts[longest]
  return { bits: 4, patch: 5, groups: 16, ...all, ...own }
}

function check({ bits, patch, groups }: Required<PartOptions>, part: string): void {
  const fail = (what: string, expected: string, got: number) => {
    throw new HabaError('codec', `${what} of ${part} to be ${expected}`, `${got}`, 'Change the option.')
  }
  if (![1, 2, 3, 4, 5, 6, 7, 8, 16, 32].includes(bits)) fail('bits', '1 … 8, 16 or 32', bits)
  if (!(Number.isInteger(patch) && patch >= 1 && patch <= 255)) fail('patch', 'a whole number of 1 … 255', patch)
  if (!(Number.isInteger(groups) && groups >= 0 && groups <= 65_536))
    fail('groups', 'a whole number of 0 … 65536', groups)
}

/** The smallest that keeps what the options ask for: levels, float16, or the tensor as it is. */
function cheapest(path: string, shape: readonly number[], size: number, options: CodecOptions) {
  const { bits, patch, groups } = optionsOf(options, path)
  const plain = 4 * size
  const halves = halfBytes(shape, size)
  const coded = bits <= 8 ? mostBytes(shape, { bits, patch, groups }) : Infinity
  if (bits === 32 || plain <= Math.min(halves, coded)) return { kind: 'plain', bytes: plain } as const
  return halves <= coded
    ? ({ kind: 'halves', bytes: halves } as const)
    : ({ kind: 'levels', bytes: coded, how: { bits, patch, groups } } as const)
}

const halfBytes = (shape: readonly number[], size: number) =>
  halfPieces(shape, new Float32Array(0)).header.length + 4 + 2 * size

/** How a tensor of this shape is quantized; undefined where it is stored in floats. */
export function quantizationOf(
  path: string,
  shape: readonly number[],
  options: CodecOptions,
): Quantization | undefined {
  const chosen = cheapest(path, shape, sizeOf(shape), options)
  return chosen.kind === 'levels' ? chosen.how : undefined
}

/**
 * Quantizes every float32 tensor that is stored in levels: those of few values are not, where float16 or float32 takes fewer
 * bytes than levels and their scales.
 *
 * @throws HabaError for options out of range, a part that names no tensor, or values that are not finite
 */
export function quantizeTensors(
  tensors: ReadonlyMap<string, Tensor>,
  options: CodecOptions = {},
): ReadonlyMap<string, Quantized> {
  checkAll(tensors, options)
  const quantized = new Map<string, Quantized>()
  for (const [path, t] of tensors) {
    if (t.dtype !== 'float32') continue
    const values = t.dataSync<'float32'>() as Float32Array
    if (!values.every(Number.isFinite))
      throw new HabaError('codec', `finite values in ${path}`, 'others', 'The run diverged: try smaller rates.')
    const how = quantizationOf(path, t.shape, options)
    if (!how) continue
    const scales = fitScales(values, t.shape, how)
    quantized.set(path, { scales, levels: levelsOf(values, scales) })
  }
  return quantized
}

function checkAll(tensors: ReadonlyMap<string, Tensor>, options: CodecOptions): void {
  const paths = [...tensors.keys()]
  check(optionsOf(options, ''), 'all tensors')
  for (const part of Object.keys(options.parts ?? {})) {
    check(optionsOf(options, part), part)
    if (!paths.some((path) => path === part || path.startsWith(`${part}.`)))
      throw new HabaError('codec', `parts among ${paths.join(', ')}`, part, 'Change the name.')
  }
}

/** What is stored, and where its bytes go. @param quantized @default what `quantizeTensors` gives */
export function encodeTensors(
  tensors: ReadonlyMap<string, Tensor>,
  options: CodecOptions = {},
  quantized: ReadonlyMap<string, Quantized> = quantizeTensors(tensors, options),
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

function piecesOf(path: string, t: Tensor, options: CodecOptions, levels?: Quantized): Pieces | undefined {
  if (levels) return levelPieces(t.shape, levels.scales, levels.levels)
  if (t.dtype !== 'float32') {
    const pieces = integerPieces(t.shape, t.dataSync<'int32'>() as Int32Array)
    return pieces && whole(pieces).length < 4 * t.size ? pieces : undefined
  }
  return cheapest(path, t.shape, t.size, options).kind === 'halves'
    ? halfPieces(t.shape, t.dataSync<'float32'>() as Float32Array)
    : undefined
}

/**
 * How many bytes tensors of these shapes take at most, whatever their values are; entropy coding takes fewer. Whole numbers are
 * counted at 32 bits, which is more than they take.
 */
export const mostBytesOf = (
  tensors: ReadonlyMap<string, Pick<Tensor, 'shape' | 'size' | 'dtype'>>,
  options: CodecOptions = {},
): number =>
  [...tensors].reduce(
    (sum, [path, { shape, size, dtype }]) =>
      sum + (dtype === 'float32' ? cheapest(path, shape, size, options).bytes : 4 * size),
    0,
  )

/** The tensors again, bit for bit as `encodeTensors` meant them. @throws HabaError where bytes are damaged */
export const decodeTensors = (stored: StoredTensors, source = 'codec'): ReadonlyMap<string, Tensor> =>
  new Map(
    [...stored].map(([path, one]) => [path, one instanceof Uint8Array ? decodePieces(`${source}, ${path}`, one) : one]),
  )

/**
 * A codec for finished sets.
 *
 * @param quantized levels that were chosen otherwise than by rounding, such as those of `refine`
 */
export const setCodec = (options: CodecOptions = {}, quantized?: ReadonlyMap<string, Quantized>): SetCodec => ({
  name: NAME,
  encode: (tensors) => encodeTensors(tensors, options, quantized),
  decode: decodeTensors,
})
