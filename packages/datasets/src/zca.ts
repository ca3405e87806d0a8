import { HabaError, tensor, type Engine, type ImageShape, type Preprocessing } from '@haba/core'
import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { channelsFirst } from './channels-first.js'
import type { Images } from './pixels.js'
import { whiten } from './whiten.js'

/** The tensors of a fitted ZCA; values of an image have the order `[channel, row, column]`. */
export interface ZcaTensors {
  /** `[values]` */
  readonly mean: Tensor1D
  /** `[values, values]` */
  readonly transform: Tensor2D
  /** `[values, values]` */
  readonly inverse: Tensor2D
}

/** A fitted ZCA: `(x - mean) · transform`, and back `z · inverse + mean`. */
export interface Zca extends Preprocessing {
  /** `[values]`, in the order `[channel, row, column]`. */
  readonly mean: Float32Array
  /** `[values × values]`: `(Σ + εI)^-½`, symmetric. */
  readonly transform: Float32Array
  /** `[values × values]`: `(Σ + εI)^½`, symmetric. */
  readonly inverse: Float32Array
  /** Whitens a whole data set on the engine; absent in a ZCA that was restored without one. */
  applyAll?(images: Images): Promise<Float32Array>
}

/** Parts of a ZCA. */
export interface ZcaParts {
  readonly mean: Float32Array
  readonly transform: Float32Array
  readonly inverse: Float32Array
  readonly epsilon: number
  readonly engine?: Engine | undefined
}

/** A ZCA from its parts. Without an engine images are whitened row by row when they are read, which is slow. */
export function zcaFromParts({ mean, transform, inverse, epsilon, engine }: ZcaParts): Zca {
  const check = (image: ImageShape) => {
    const order = channelsFirst(image)
    if (order.length === mean.length) return order
    throw new HabaError('zca', `images of ${mean.length} values`, `${order.length}`, 'Fit a ZCA to this data set.')
  }
  return {
    name: 'zca',
    settings: { epsilon, tensors: ['mean', 'transform', 'inverse'] },
    mean,
    transform,
    inverse,
    apply: (pixels, image) => multiply(pixels, check(image), transform, { before: mean }),
    invert: (values, image) => multiply(values, check(image), inverse, { after: mean }),
    ...(engine && {
      applyAll: (images: Images) => {
        check(images.image)
        return whiten({ images, mean, transform, engine })
      },
    }),
  }
}

/** Whether a preprocessing is a fitted ZCA, whose tensors are saved separately from its settings. */
export const isZca = (preprocessing: Preprocessing): preprocessing is Zca =>
  preprocessing.name === 'zca' && 'transform' in preprocessing

/** `(x - before) · matrix + after` for rows of channels-last images, accumulated in float64. */
function multiply(
  values: Float32Array,
  order: Int32Array,
  matrix: Float32Array,
  { before, after }: { readonly before?: Float32Array; readonly after?: Float32Array },
): Float32Array {
  const size = order.length
  const result = new Float32Array(values.length)
  const row = new Float64Array(size)
  for (let start = 0; start < values.length; start += size) {
    if (after) row.set(after)
    else row.fill(0)
    for (let i = 0; i < size; i++) {
      const x = values[start + order[i]!]! - (before?.[i] ?? 0)
      if (x === 0) continue
      const line = i * size
      for (let j = 0; j < size; j++) row[j]! += x * matrix[line + j]!
    }
    for (let j = 0; j < size; j++) result[start + order[j]!] = row[j]!
  }
  return result
}

/** The tensors to save beside `zca.settings`; they share the memory of the ZCA. */
export function zcaToTensors({ mean, transform, inverse }: Zca): ZcaTensors {
  const size = mean.length
  return {
    mean: tensor(mean, [size]),
    transform: tensor(transform, [size, size]),
    inverse: tensor(inverse, [size, size]),
  }
}

/** Options of `zcaFromTensors`. */
export interface RestoreZcaOptions {
  /** From `zcaToTensors`; not disposed. */
  readonly tensors: ZcaTensors
  /** `settings.epsilon` of the ZCA that was saved. */
  readonly epsilon: number
  /** Whitens whole data sets; not needed to view images. */
  readonly engine?: Engine
}

/** The inverse of `zcaToTensors`. */
export async function zcaFromTensors({ tensors, epsilon, engine }: RestoreZcaOptions): Promise<Zca> {
  const size = tensors.mean.size
  if (![tensors.transform, tensors.inverse].every(({ shape }) => shape[0] === size && shape[1] === size))
    throw new HabaError(
      'zcaFromTensors',
      `transform and inverse of [${size}, ${size}], because mean has ${size} values`,
      `[${tensors.transform.shape}] and [${tensors.inverse.shape}]`,
      'Take all three from one file.',
    )
  const [mean, transform, inverse] = await Promise.all([
    tensors.mean.data<'float32'>(),
    tensors.transform.data<'float32'>(),
    tensors.inverse.data<'float32'>(),
  ])
  return zcaFromParts({ mean, transform, inverse, epsilon, engine })
}
