import { BitDecoder, BitEncoder, BitModel } from './arithmetic-coder.js'

/**
 * The division of a tensor `[…, height, width, channels]` into blocks of `side[0] × side[1]` values of all channels. Every side is
 * the largest divisor of its axis that is at most the requested block.
 */
export interface Blocks {
  /** Height and width of a block, and its channels. */
  readonly side: readonly [number, number, number]
  /** `[images, blocks down, height of a block, blocks across, width of a block, channels]`, in the order of the tensor. */
  readonly shape: readonly [number, number, number, number, number, number]
  readonly count: number
}

/** The permutation from the tensor's axes (see `Blocks.shape`) to consecutive blocks; it is its own inverse. */
export const TO_BLOCKS = [0, 1, 3, 2, 4, 5] as const

const divisor = (of: number, most: number): number => {
  let side = Math.min(of, most)
  while (of % side !== 0) side--
  return side
}

/** @param shape at least three axes */
export function blocksOf(shape: readonly number[], block: number): Blocks {
  const [height, width, channels] = shape.slice(-3) as [number, number, number]
  const images = shape.slice(0, -3).reduce((a, b) => a * b, 1)
  const [h, w] = [divisor(height, block), divisor(width, block)]
  const [down, across] = [height / h, width / w]
  return { side: [h, w, channels], shape: [images, down, h, across, w, channels], count: images * down * across }
}

/** The index in the tensor of every value, block by block. */
function placesOf({ shape: [images, down, h, across, w, channels] }: Blocks): Int32Array {
  const places = new Int32Array(images * down * h * across * w * channels)
  let at = 0
  for (let image = 0; image < images; image++)
    for (let by = 0; by < down; by++)
      for (let bx = 0; bx < across; bx++)
        for (let y = 0; y < h; y++) {
          const row = ((image * down + by) * h + y) * across * w * channels + bx * w * channels
          for (let i = 0; i < w * channels; i++) places[at++] = row + i
        }
  return places
}

/** The matrix of the orthonormal DCT-II of `size` values; row u has the weights of coefficient u. */
export const cosines = (size: number): readonly (readonly number[])[] =>
  Array.from({ length: size }, (_, u) =>
    Array.from(
      { length: size },
      (_, x) => Math.sqrt((u === 0 ? 1 : 2) / size) * Math.cos((Math.PI * (2 * x + 1) * u) / (2 * size)),
    ),
  )

/** Factor of the integer cosines. */
const WHOLE = 1024

/** Integer cosines: sums of their products are exact, and so the same on every machine. */
const wholeCosines = (size: number) => cosines(size).map((row) => row.map((value) => Math.round(WHOLE * value)))

type Matrix = readonly (readonly number[])[]

/** Multiplies `[blocks, h, w, c]` by a matrix along each of the three axes of a block: `out[i] = Σⱼ matrix[i][j] · in[j]`. */
function alongAxes(values: Float64Array, { side }: Blocks, matrices: readonly [Matrix, Matrix, Matrix]): Float64Array {
  const strides = [side[1] * side[2], side[2], 1]
  return matrices.reduce((from, matrix, axis) => {
    const [size, stride] = [side[axis]!, strides[axis]!]
    if (size === 1) return Float64Array.from(from, (value) => matrix[0]![0]! * value)
    const to = new Float64Array(from.length)
    for (let outer = 0; outer < from.length; outer += size * stride)
      for (let inner = outer; inner < outer + stride; inner++)
        for (let i = 0; i < size; i++) {
          const row = matrix[i]!
          let sum = 0
          for (let j = 0; j < size; j++) sum += row[j]! * from[inner + j * stride]!
          to[inner + i * stride] = sum
        }
    return to
  }, values)
}

const transposed = (matrix: Matrix): Matrix => matrix.map((_, i) => matrix.map((row) => row[i]!))

/** The DCT of every block, over height, width and channels: `[blocks, h, w, c]`. */
export function coefficientsOf(values: Float32Array, blocks: Blocks): Float64Array {
  const [h, w, c] = blocks.side
  const inBlocks = Float64Array.from(placesOf(blocks), (place) => values[place]!)
  return alongAxes(inBlocks, blocks, [cosines(h), cosines(w), cosines(c)])
}

/**
 * Values of the tensor from levels of coefficients: the inverse DCT with integer cosines, an exact sum, times the step.
 *
 * @param levels `[blocks, h, w, c]`
 */
export function valuesOfLevels(levels: Int32Array, step: number, blocks: Blocks): Float32Array {
  const [h, w, c] = blocks.side.map((size) => transposed(wholeCosines(size))) as [Matrix, Matrix, Matrix]
  const sums = alongAxes(Float64Array.from(levels), blocks, [h, w, c])
  const values = new Float32Array(levels.length)
  placesOf(blocks).forEach((place, i) => (values[place] = sums[i]! * (step / WHOLE ** 3)))
  return values
}

/**
 * Coefficients below this share of a step round towards 0, as in video coders: it saves many bits for little error. 0.5 would
 * round to the nearest level.
 */
export const DEAD_ZONE = 0.6

/** Signed levels of coefficients. */
export const levelsOfCoefficients = (coefficients: Float64Array, step: number): Int32Array =>
  Int32Array.from(coefficients, (value) =>
    step === 0 ? 0 : Math.sign(value) * Math.floor(Math.abs(value) / step + 1 - DEAD_ZONE),
  )

/** Most bits of a symbol; every bit has its contexts. */
export const MOST_BITS = 14

/** A level as a non-negative integer: twice its absolute value, minus 1 if it is negative. */
const symbolOf = (level: number) => (level < 0 ? -2 * level - 1 : 2 * level)
const levelOf = (symbol: number) => (symbol & 1 ? -(symbol + 1) / 2 : symbol / 2)

/** The bits of symbols for these levels. */
export function bitsOfLevels(levels: Int32Array): number {
  let most = 1
  for (const level of levels) most = Math.max(most, symbolOf(level))
  return Math.ceil(Math.log2(most + 1))
}

const [BANDS, SIZES] = [16, 8]

/**
 * The contexts of levels. They depend on the frequency, on levels of lower frequencies and of the previous channel, and on the
 * same frequency in the blocks to the left and above. Levels are kept in a grid with a margin of zeros.
 */
function contextsOf({ side: [h, w, c], shape, count }: Blocks, bits: number) {
  const across = shape[3]
  const [alongX, alongY, alongBlock] = [c + 1, (c + 1) * (w + 2), (c + 1) * (w + 2) * (h + 2)]
  const sizes = new Int32Array((across + count) * alongBlock)
  let [at, block, u, v, channel] = [0, 0, 0, 0, 0]
  return {
    /** The index of the first context of the next level. */
    next: (): number => {
      at = (across + block) * alongBlock + (u + 2) * alongY + (v + 2) * alongX + channel + 1
      const near =
        2 *
          (sizes[at - 1]! +
            sizes[at - alongX]! +
            sizes[at - alongY]! +
            sizes[at - alongBlock]! +
            sizes[at - across * alongBlock]!) +
        sizes[at - alongX - alongY]! +
        sizes[at - 2 * alongX]! +
        sizes[at - 2 * alongY]!
      const size = Math.min(SIZES - 1, 32 - Math.clz32(near))
      const band = Math.min(BANDS - 1, Math.floor((10 * (u * w + v * h)) / (h * w)))
      return (((channel > 0 ? BANDS : 0) + band) * SIZES + size) * 2 ** bits
    },
    /** Records the level, for the contexts of later ones. */
    put: (level: number): void => {
      sizes[at] = Math.abs(level)
      if (++channel < c) return
      channel = 0
      if (++v < w) return
      v = 0
      if (++u < h) return
      u = 0
      block++
    },
  }
}

const modelFor = (bits: number) => new BitModel(2 * BANDS * SIZES * 2 ** bits)

/** Codes levels `[blocks, h, w, c]` losslessly. */
export function encodeLevels(levels: Int32Array, blocks: Blocks, bits: number): Uint8Array {
  const encoder = new BitEncoder(modelFor(bits))
  const { next, put } = contextsOf(blocks, bits)
  for (const level of levels) {
    const first = next()
    const symbol = symbolOf(level)
    let node = 1
    for (let i = bits - 1; i >= 0; i--) {
      const bit = (symbol >> i) & 1
      encoder.write(first + node, bit)
      node = 2 * node + bit
    }
    put(level)
  }
  return encoder.end()
}

/** The inverse of `encodeLevels`. */
export function decodeLevels(stream: Uint8Array, blocks: Blocks, bits: number): Int32Array {
  const [h, w, c] = blocks.side
  const decoder = new BitDecoder(modelFor(bits), stream)
  const { next, put } = contextsOf(blocks, bits)
  return new Int32Array(blocks.count * h * w * c).map(() => {
    const first = next()
    let node = 1
    for (let i = 0; i < bits; i++) node = 2 * node + decoder.read(first + node)
    const level = levelOf(node - 2 ** bits)
    put(level)
    return level
  })
}
