import type { Rank, Tensor4D } from '@tensorflow/tfjs-core'
import {
  checkArguments,
  foldIn,
  gather,
  matMul,
  normal,
  reshape,
  sizeOf,
  targetsOf,
  tensor,
  transpose,
  type ImageShape,
  type Layout,
  type Parameterization,
  type Start,
} from '@haba/core'
import { SingularValueDecomposition } from 'ml-matrix'
import { checkWhole, labelsOf, type StoredImages } from './stored-images.js'

/** Options of `lowRank`; either `perClass` or `imagesPerClass` is given. */
export interface LowRankOptions extends StoredImages {
  readonly image: ImageShape
  readonly classes: number
  /** Rank r of every channel, 1 … the image's smaller side. */
  readonly rank: number
  /** Images whose best approximations of this rank are the start. @default noise factors whose products have variance 1 */
  readonly start?: Start
}

/** Parameters that a low-rank set stores. */
export type LowRankParams = {
  /** `[slots, channels, height, rank]` */
  readonly left: Tensor4D
  /** `[slots, channels, rank, width]` */
  readonly right: Tensor4D
}

/**
 * Images of low rank: each channel is a product `A B` of `[height, rank]` and `[rank, width]`.
 *
 * @throws HabaError for a rank or counts that do not fit
 */
export function lowRank(options: LowRankOptions): Parameterization<LowRankParams> {
  checkArguments('lowRank', options, { image: 'image', classes: 'classes' })
  const { image, classes, rank, start } = options
  const [height, width, channels] = image
  checkWhole('lowRank', 'rank', rank, 1, Math.min(height, width))
  const labels = labelsOf('lowRank', classes, options, channels * rank * (height + width), sizeOf(image))
  const slots = labels.length
  const layout: Layout = { image, classes, slots, views: 1, labels }
  const shapes = { left: [slots, channels, height, rank], right: [slots, channels, rank, width] } as const
  return {
    name: `rank ${rank}`,
    layout,
    async init(key, seed) {
      if (start) return factorsOf(await start(key, [slots, ...image], labels, seed), rank)
      // Sums of `rank` products of two numbers: their variance is 1.
      const noise = <const S extends readonly number[]>(shape: S, name: string) =>
        tensor(
          normal(foldIn(key, name), sizeOf(shape)).map((v) => v * rank ** -0.25),
          shape,
        )
      return { left: noise(shapes.left, 'left'), right: noise(shapes.right, 'right') }
    },
    render({ left, right }, { slots: rows }) {
      const count = rows.shape[0]
      const product = matMul(gather(left, rows), gather(right, rows))
      const images = transpose<Rank.R4>(reshape(product, [count, channels, height, width]), [0, 2, 3, 1])
      return { images, targets: targetsOf(layout, rows) }
    },
  }
}

/**
 * The best factors of every channel in the least squares sense: truncated singular value decompositions, with the root of
 * each singular value on either side. The images are disposed.
 */
async function factorsOf(images: Tensor4D, rank: number): Promise<LowRankParams> {
  const [slots, height, width, channels] = images.shape
  const values = await images.data<'float32'>()
  images.dispose()
  const left = new Float32Array(slots * channels * height * rank)
  const right = new Float32Array(slots * channels * rank * width)
  for (let n = 0; n < slots * channels; n++) {
    const [slot, c] = [Math.floor(n / channels), n % channels]
    const pixel = (y: number, x: number) => values[((slot * height + y) * width + x) * channels + c]!
    const plane = Array.from({ length: height }, (_, y) => Array.from({ length: width }, (_, x) => pixel(y, x)))
    const {
      leftSingularVectors: u,
      rightSingularVectors: v,
      diagonal,
    } = new SingularValueDecomposition(plane, { autoTranspose: true })
    for (let i = 0; i < rank; i++) {
      const root = Math.sqrt(diagonal[i]!)
      for (let y = 0; y < height; y++) left[(n * height + y) * rank + i] = root * u.get(y, i)
      for (let x = 0; x < width; x++) right[(n * rank + i) * width + x] = root * v.get(x, i)
    }
  }
  return {
    left: tensor(left, [slots, channels, height, rank]),
    right: tensor(right, [slots, channels, rank, width]),
  }
}
