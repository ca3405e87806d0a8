import type { Rank, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import {
  checkArguments,
  add,
  cast,
  constant,
  disposeTree,
  floor,
  fromReal,
  gather,
  matMul,
  mul,
  reshape,
  sizeOf,
  sub,
  targetsOf,
  tensor,
  transpose,
  type Batch,
  type ImageShape,
  type Layout,
  type Parameterization,
  type Start,
} from '@haba/core'
import { dct2, dctMatrix, type Transform } from './dct.js'
import { checkWhole, labelsOf, type StoredImages } from './stored-images.js'

/** Options of `fred`; either `perClass` or `imagesPerClass` is given. */
export interface FredOptions extends StoredImages {
  readonly image: ImageShape
  readonly classes: number
  /** Stored coefficients k of an image and channel, 1 … height · width. */
  readonly coefficients: number
  /**
   * Real images of each class that its mask is chosen by, at least 2; as many as the smallest class has where those are
   * fewer. Few give a poor mask, and the paper takes all; all classes' images are in memory at once. @default 500
   */
  readonly maskImages?: number
  /** Images whose coefficients are the start. @default fromReal */
  readonly start?: Start
}

/** Parameters that a FreD set stores. */
export type FredParams = {
  /** `[slots, k, channels]`: DCT-II coefficients at the positions of the class's mask. */
  readonly coefficients: Tensor3D
  /** `[classes, k]` int32, ascending in each row: positions `u · width + v` of vertical frequency u and horizontal v. Fixed. */
  readonly mask: Tensor2D
}

/**
 * FreD, frequency domain-based dataset distillation (Shin et al., NeurIPS 2023): what is stored are the coefficients of
 * each image and channel at k frequencies, and for each class which frequencies they are (its mask, the same for all
 * images and channels). The image is the inverse DCT of the masked coefficients, `Dᵀ F D` in each channel.
 *
 * A mask holds the k positions where the coefficients vary most over real images of the class: variance over images of the
 * mean over channels.
 *
 * The DCT is orthonormal. The released one is not (a factor 2, `norm=None`): for images of N × N divide published rates of
 * SGD by `(2N)²`, which is 4096 at N = 32. That is exact where both frequencies are above 0; the released coefficients of
 * frequency 0 in one axis move half as far, those of frequency 0 in both a quarter.
 *
 * @throws HabaError for counts that do not fit
 */
export function fred(options: FredOptions): Parameterization<FredParams> {
  checkArguments('fred', options, { image: 'image', classes: 'classes' })
  const { image, classes, coefficients: k, maskImages = 500, start = fromReal } = options
  const [height, width, channels] = image
  checkWhole('fred', 'coefficients', k, 1, height * width)
  checkWhole('fred', 'maskImages', maskImages, 2)
  const labels = labelsOf('fred', classes, options, k * channels, sizeOf(image))
  const slots = labels.length
  const layout: Layout = { image, classes, slots, views: 1, labels }
  const transform = dct2(height, width)
  return {
    name: `FreD, ${k} coefficients`,
    layout,
    indexSets: { mask: { below: height * width } },
    zeros: () => ({
      coefficients: tensor(new Float32Array(slots * k * channels), [slots, k, channels]),
      mask: tensor(new Int32Array(classes * k), [classes, k]),
    }),
    async init(key, seed, available = maskImages) {
      const mask = await chooseMasks(await seed(Math.max(2, Math.min(maskImages, available))), classes, k, transform)
      const started = await start(key, [slots, ...image], labels, seed)
      const values = await started.data<'float32'>()
      started.dispose()
      const stored = new Float32Array(slots * k * channels)
      labels.forEach((label, slot) => {
        const pixels = values.subarray(slot * sizeOf(image), (slot + 1) * sizeOf(image))
        for (let c = 0; c < channels; c++) {
          const all = transform(pixels, channels, c)
          for (let i = 0; i < k; i++) stored[(slot * k + i) * channels + c] = all[mask[label * k + i]!]!
        }
      })
      return {
        coefficients: tensor(stored, [slots, k, channels]),
        mask: tensor(mask, [classes, k]),
      }
    },
    render({ coefficients, mask }, rows) {
      const count = rows.slots.shape[0]
      const classOf = reshape(gather(constant(labels, [slots, 1]), rows.slots), [count])
      const positions = cast(reshape(gather(mask, classOf), [count * k]), 'float32')
      // Half a position in, so that rounding never leads to the row before.
      const u = floor(mul(add(positions, 0.5), 1 / width))
      const v = sub(positions, mul(u, width))
      const wave = (frequency: typeof u, n: number) =>
        gather(constant(Float32Array.from(dctMatrix(n)), [n, n]), cast(frequency, 'int32'))
      const vertical = reshape(wave(u, height), [count, k, 1, height])
      const horizontal = reshape(wave(v, width), [count, k, width])
      // The sum over the mask of coefficient · vertical wave · horizontal wave, as one product for each row.
      const weighted = mul(reshape(gather(coefficients, rows.slots), [count, k, channels, 1]), vertical)
      const lines = matMul(reshape(weighted, [count, k, channels * height]), horizontal, { a: true })
      const images = transpose<Rank.R4>(reshape(lines, [count, channels, height, width]), [0, 2, 3, 1])
      return { images, targets: targetsOf(layout, rows.slots) }
    },
  }
}

/** `[classes · k]`: for each class the positions of the largest variances, ascending; the batch is disposed. */
async function chooseMasks(batch: Batch, classes: number, k: number, transform: Transform): Promise<Int32Array> {
  const values = await batch.images.data<'float32'>()
  const [count, height, width, channels] = batch.images.shape
  const [size, perClass] = [height * width, count / classes]
  disposeTree(batch)
  const masks = new Int32Array(classes * k)
  for (let label = 0; label < classes; label++) {
    // Welford's running mean and sum of squared deviations: no cancellation.
    const [mean, squares] = [new Float64Array(size), new Float64Array(size)]
    for (let n = 0; n < perClass; n++) {
      const at = (label * perClass + n) * size * channels
      const image = values.subarray(at, at + size * channels)
      // The transform is linear: the mean over channels may as well be taken of the pixels.
      const gray = new Float32Array(size)
      for (let i = 0; i < size; i++) {
        for (let c = 0; c < channels; c++) gray[i]! += image[i * channels + c]! / channels
      }
      const coefficients = transform(gray, 1, 0)
      for (let i = 0; i < size; i++) {
        const away = coefficients[i]! - mean[i]!
        mean[i]! += away / (n + 1)
        squares[i]! += away * (coefficients[i]! - mean[i]!)
      }
    }
    const order = Array.from({ length: size }, (_, i) => i).sort((a, b) => squares[b]! - squares[a]! || a - b)
    masks.set(
      order.slice(0, k).sort((a, b) => a - b),
      label * k,
    )
  }
  return masks
}
