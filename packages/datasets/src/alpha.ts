/** Red, green and blue, each `0 … 255`. */
export type Color = readonly [red: number, green: number, blue: number]

/**
 * Why a picture may not look as intended. `alpha-alone`: all visible pixels have one color, so only the alpha channel has the
 * picture; `blank`: nothing is visible on this background; `dim`: 16-bit values of at most 4095, which are nearly black.
 */
export type Finding = 'alpha-alone' | 'blank' | 'dim'

/** Composites pixels over a background; gray with alpha becomes color, because the background may have one. */
export function overBackground(pixels: ArrayLike<number>, channels: number, background: Color): Uint8Array {
  const count = pixels.length / channels
  const result = new Uint8Array(count * 3)
  for (let i = 0; i < count; i++) {
    const alpha = pixels[i * channels + channels - 1]!
    for (let c = 0; c < 3; c++) {
      const value = pixels[i * channels + (channels === 4 ? c : 0)]!
      result[i * 3 + c] = Math.round((value * alpha + background[c]! * (255 - alpha)) / 255)
    }
  }
  return result
}

/** The finding for a picture with an alpha channel, after compositing it over a background. */
export function findingOf(pixels: ArrayLike<number>, channels: number, laid: Uint8Array): Finding | undefined {
  const at = channels - 1
  const visible: number[] = []
  for (let i = 0; i < pixels.length; i += channels) if (pixels[i + at]! > 0) visible.push(i)
  const alphaVaries = varies(pixels, channels, at)
  const first = visible[0]
  const oneColor =
    first === undefined || visible.every((i) => range(at).every((c) => pixels[i + c] === pixels[first + c]))
  const isBlank = range(3).every((c) => !varies(laid, 3, c))
  if (isBlank && (alphaVaries || !oneColor || first === undefined)) return 'blank'
  return alphaVaries && oneColor ? 'alpha-alone' : undefined
}

function varies(values: ArrayLike<number>, channels: number, channel: number): boolean {
  for (let i = channel; i < values.length; i += channels) if (values[i] !== values[channel]) return true
  return false
}

const range = (length: number): readonly number[] => Array.from({ length }, (_, i) => i)
