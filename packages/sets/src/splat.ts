import type { Rank, Tensor, Tensor3D, Tensor4D } from '@tensorflow/tfjs-core'
import {
  add,
  avgPool,
  broadcastTo,
  concat,
  constant,
  div,
  exp,
  matMul,
  minimum,
  mul,
  reshape,
  slice,
  square,
  stack,
  sub,
  transpose,
  type ImageShape,
} from '@haba/core'

/** Gaussians of a batch of images. */
export type Gaussians = {
  /** `[images, gaussians, 2]`: x and y; the image is -1 … 1. */
  readonly centers: Tensor3D
  /** `[images, gaussians, 3]`: l11, l21, l22 in pixels, to which 0.5, 0, 0.5 are added. */
  readonly cholesky: Tensor3D
  /** `[images, gaussians, channels]`, in the preprocessed space. */
  readonly colors: Tensor3D
  /** `[images, gaussians, 1]` */
  readonly opacities: Tensor3D
}

/** Weights that are held at once: more images are splatted one part after the other. */
const MOST_WEIGHTS = 2 ** 24

/** Variance of a square pixel, px². */
const PIXEL = 1 / 12

/** How many images have at most so many weights, one for each Gaussian and sample; at least 1. */
const imagesAtOnce = (gaussians: number, [height, width]: ImageShape, most: number): number =>
  Math.max(1, Math.floor(most / (4 * gaussians * height * width)))

/**
 * Images of Gaussians, `[images, height, width, channels]`. A sample p is
 * `Σ_g min(1, o_g exp(-½ dᵀ S_g⁻¹ d)) c_g` with `d = p - center` in pixels and `S = L Lᵀ + I/12`; a pixel is the mean of its
 * 2 × 2 samples, a quarter of a pixel from its middle. There is no background, and weights are not normalized. The least
 * variance of 0.0625 px² of the paper's code needs no clamp here: 1/12 is larger.
 *
 * @param most weights, one for each Gaussian and sample, that are held at once @default 2²⁴
 */
export function splat(gaussians: Gaussians, image: ImageShape, most = MOST_WEIGHTS): Tensor4D {
  const [count, each] = gaussians.centers.shape
  const part = imagesAtOnce(each, image, most)
  const parts: Tensor4D[] = []
  for (let from = 0; from < count; from += part) {
    const some = <T extends Tensor3D>(x: T) =>
      slice(x, [from, 0, 0], [Math.min(part, count - from), each, x.shape[2]]) as T
    const { centers, cholesky, colors, opacities } = gaussians
    parts.push(
      splatPart(
        { centers: some(centers), cholesky: some(cholesky), colors: some(colors), opacities: some(opacities) },
        image,
      ),
    )
  }
  return concat(parts, 0)
}

function splatPart({ centers, cholesky, colors, opacities }: Gaussians, image: ImageShape): Tensor4D {
  const [height, width, channels] = image
  const [count, each] = centers.shape
  const column = (x: Tensor3D, i: number) => slice(x, [0, 0, i], [count, each, 1])
  /** Samples minus centers along one axis, in pixels. */
  const away = (i: number, length: number) => {
    const samples = Float32Array.from({ length: 2 * length }, (_, at) => at / 2 + 0.25)
    return sub(constant(samples, [2 * length]), mul(add(column(centers, i), 1), length / 2)) // [count, each, 2 · length]
  }
  const [dx, dy] = [away(0, width), away(1, height)]
  const [l11, l21, l22] = [add(column(cholesky, 0), 0.5), column(cholesky, 1), add(column(cholesky, 2), 0.5)]
  const [a, b, c] = [square(l11), square(l21), square(l22)]
  // det S, multiplied out so that nothing cancels.
  const determinant = add(add(mul(a, c), mul(add(add(a, b), c), PIXEL)), PIXEL * PIXEL)
  // -½ dᵀ S⁻¹ d = p dx² + q dx dy + r dy²: a product of [dy², dy, 1] and [r, q dx, p dx²] for each Gaussian.
  const p = div(mul(add(add(b, c), PIXEL), -0.5), determinant)
  const q = div(mul(l11, l21), determinant)
  const r = div(mul(add(a, PIXEL), -0.5), determinant)
  const three = (parts: readonly Tensor[], length: number) => reshape(stack(parts, 2), [count * each, 3, 2 * length])
  const one = broadcastTo(constant([1], [1, 1, 1]), dy.shape)
  const exponents = matMul(
    three([square(dy), dy, one], height),
    three([broadcastTo(r, dx.shape), mul(q, dx), mul(p, square(dx))], width),
    { a: true },
  )
  const shape = [count, each, 4 * height * width]
  const weights = minimum(mul(opacities, reshape(exp(exponents), shape)), 1)
  const samples = matMul(colors, weights, { a: true }) // [count, channels, 4 · height · width]
  const averaged = avgPool(reshape(samples, [count * channels, 2 * height, 2 * width, 1]), 2)
  return transpose<Rank.R4>(reshape(averaged, [count, channels, height, width]), [0, 2, 3, 1])
}
