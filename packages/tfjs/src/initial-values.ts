import { HabaError, normal, sizeOf, tensor, uniform, type Key } from '@haba/core'
import type { Tensor } from '@tensorflow/tfjs-core'

/** A serialized initializer of tfjs-layers. */
interface Initializer {
  readonly className: string
  readonly config: Readonly<Record<string, unknown>>
}

/** Fresh values of a weight, drawn by a key. */
export type Draw = (key: Key) => Tensor

const NAMES =
  'Zeros, Ones, Constant, RandomUniform, RandomNormal, TruncatedNormal or VarianceScaling (Glorot, He, LeCun)'

/**
 * How a weight starts, as its layer's initializer says; seeds of the initializer do not matter, since chance is a key.
 *
 * @param who names the layer and the weight in errors
 * @throws HabaError for an initializer that is not known
 */
export function drawOf(who: string, initializer: unknown, shape: readonly number[]): Draw {
  const { className, config } = initializer as Initializer
  const number = (name: string, byDefault: number) => (typeof config[name] === 'number' ? config[name] : byDefault)
  const size = sizeOf(shape)
  const filled =
    (value: number): Draw =>
    () =>
      tensor(new Float32Array(size).fill(value), shape)
  const mean = number('mean', 0)
  const scaled =
    (draw: (key: Key) => Float32Array, deviation: number): Draw =>
    (key) =>
      tensor(
        draw(key).map((value) => mean + deviation * value),
        shape,
      )
  switch (className) {
    case 'Zeros':
      return filled(0)
    case 'Ones':
      return filled(1)
    case 'Constant':
      return filled(number('value', 0))
    case 'RandomUniform':
      return (key) => tensor(uniform(key, size, number('minval', -0.05), number('maxval', 0.05)), shape)
    case 'RandomNormal':
      return scaled((key) => normal(key, size), number('stddev', 0.05))
    case 'TruncatedNormal':
      return scaled((key) => truncated(key, size), number('stddev', 0.05))
    case 'VarianceScaling': {
      const [fanIn, fanOut] = fans(shape)
      const fan = config.mode === 'fanIn' ? fanIn : config.mode === 'fanOut' ? fanOut : (fanIn + fanOut) / 2
      const variance = number('scale', 1) / Math.max(1, fan)
      if (config.distribution === 'normal') return scaled((key) => truncated(key, size), Math.sqrt(variance))
      const limit = Math.sqrt(3 * variance)
      return (key) => tensor(uniform(key, size, -limit, limit), shape)
    }
    default:
      throw new HabaError(who, NAMES, className, 'Give the layer one of these initializers.')
  }
}

/** Standard normal numbers, those beyond two deviations drawn anew. */
function truncated(key: Key, count: number): Float32Array {
  // One in 22 is beyond; what a longer draw does not fill is cut off, which is rarer than one in a million.
  const within = normal(key, count + Math.ceil(count / 8) + 64).filter((value) => Math.abs(value) <= 2)
  return Float32Array.from({ length: count }, (_, i) => within[i] ?? 0)
}

/** How many inputs an output sees, and how many outputs an input: `[…, in, out]`. */
function fans(shape: readonly number[]): readonly [number, number] {
  const [inside, out] = [shape.at(-2) ?? shape[0]!, shape.at(-1)!]
  const taps = sizeOf(shape.slice(0, -2))
  return [taps * inside, taps * out]
}
