/** Values of an image with more than 8 bits. */
type Samples = Int8Array | Uint16Array | Uint32Array | Int32Array | Float32Array

interface Scaling {
  /** The values that become 0 and 255; others are clamped. */
  readonly range: readonly [black: number, white: number] | undefined
  readonly channels: number
  /** Whether the last channel is alpha, which has the range of its type. */
  readonly hasAlpha: boolean
}

/**
 * Converts values with more than 8 bits to bytes. Without a range: the upper byte of 16 bits, and 255 times a float.
 *
 * @throws Error for floats outside of [0, 1] without a range
 */
export function scaled(values: Samples, { range, channels, hasAlpha }: Scaling): Uint8Array {
  const result = new Uint8Array(values.length)
  const isFloat = values instanceof Float32Array
  let [low, high] = [Infinity, -Infinity]
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    const own = range && !(hasAlpha && i % channels === channels - 1) ? range : undefined
    if (Number.isNaN(value)) throw new Error('has values that are not numbers (NaN)')
    if (own) {
      result[i] = byte((255 * (value - own[0])) / (own[1] - own[0]))
      continue
    }
    result[i] = isFloat ? byte(255 * value) : value >> 8
    if (value < low) low = value
    if (value > high) high = value
  }
  if (isFloat && (low < 0 || high > 1))
    throw new Error(
      `has floats from ${low} to ${high}, not from 0 to 1: set \`range\` to the values of black and white`,
    )
  return result
}

const byte = (value: number) => Math.min(255, Math.max(0, Math.round(value)))

/** `[pixels × 3]` to `[pixels]` by ITU-R 601, in the fixed point of `convert('L')` of PIL. */
export function grayOf(colors: Uint8Array): Uint8Array {
  const gray = new Uint8Array(colors.length / 3)
  for (let i = 0; i < gray.length; i++)
    gray[i] = (colors[3 * i]! * 19595 + colors[3 * i + 1]! * 38470 + colors[3 * i + 2]! * 7471 + 0x8000) >> 16
  return gray
}

/** `[pixels]` to `[pixels × 3]`. */
export const colorOfGray = (gray: Uint8Array): Uint8Array =>
  Uint8Array.from({ length: gray.length * 3 }, (_, i) => gray[Math.floor(i / 3)]!)

/** `[pixels × 4]` to `[pixels × 3]` without color profiles, as `convert('RGB')` of PIL: `(1 - ink) · (1 - black)`. */
export function colorOfCmyk(inks: Uint8Array): Uint8Array {
  const colors = new Uint8Array((inks.length / 4) * 3)
  for (let i = 0; i < inks.length / 4; i++) {
    const light = 255 - inks[4 * i + 3]!
    for (let c = 0; c < 3; c++) colors[3 * i + c] = light - Math.round((inks[4 * i + c]! * light) / 255)
  }
  return colors
}
