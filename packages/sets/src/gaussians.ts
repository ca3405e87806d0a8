import {
  checkArguments,
  foldIn,
  fromReal,
  gather,
  HabaError,
  mapTree,
  sizeOf,
  targetsOf,
  tensor,
  uniform,
  type ImageShape,
  type Key,
  type Layout,
  type Parameterization,
  type Start,
} from '@haba/core'
import { splat, type Gaussians } from './splat.js'
import { checkWhole, labelsOf, type StoredImages } from './stored-images.js'

/** Options of `gaussians`; either `perClass` or `imagesPerClass` is given. */
export interface GaussiansOptions extends StoredImages {
  readonly image: ImageShape
  readonly classes: number
  /** Gaussians of an image; each takes 6 floats and one for each channel. */
  readonly gaussians: number
  /** Images whose colors the Gaussians start with, at random places. @default fromReal */
  readonly start?: Start
  /** Steps of Adam that fit the start to real images before distilling; 0 leaves it as it is. @default 500 */
  readonly fitSteps?: number
  /** Rate of Adam in the fit, above 0; the paper takes 0.01 … 0.1. @default 0.05 */
  readonly fitRate?: number
}

/**
 * GSDD, images as sums of two-dimensional Gaussians (Jiang et al., Beyond Pixels, 2025), splatted densely: every Gaussian
 * reaches every pixel, so that gradients are continuous. The released code leaves out weights below 1/255.
 *
 * The paper counts its numbers in bfloat16: 22, 42 and 136 Gaussians for 30, 160 and 250 images a class of CIFAR-10 at 1,
 * 10 and 50 images a class. Here they are float32.
 *
 * @throws HabaError for counts that do not fit
 */
export function gaussians(options: GaussiansOptions): Parameterization<Gaussians> {
  checkArguments('gaussians', options, { image: 'image', classes: 'classes' })
  const { image, classes, gaussians: each, start = fromReal, fitSteps = 500, fitRate = 0.05 } = options
  const channels = image[2]
  checkWhole('gaussians', 'gaussians', each, 1)
  checkWhole('gaussians', 'fitSteps', fitSteps, 0)
  if (!(fitRate > 0) || !Number.isFinite(fitRate))
    throw new HabaError('gaussians', 'fitRate to be above 0', `${fitRate}`, 'Change the option.')
  const labels = labelsOf('gaussians', classes, options, each * (6 + channels), sizeOf(image))
  const slots = labels.length
  const layout: Layout = { image, classes, slots, views: 1, labels }
  return {
    name: `${each} Gaussians`,
    layout,
    ...(fitSteps > 0 && { fit: { steps: fitSteps, learningRate: fitRate } }),
    async init(key, seed) {
      const images = await start(foldIn(key, 'images'), [slots, ...image], labels, seed)
      const values = await images.data<'float32'>()
      images.dispose()
      return scatter(foldIn(key, 'scatter'), values, slots, each, image)
    },
    render(params, { slots: rows }) {
      const chosen = mapTree((x) => gather(x, rows), params)
      return { images: splat(chosen, image), targets: targetsOf(layout, rows) }
    },
  }
}

/** Gaussians at random places, of the colors that the images have there, together about as large as the image. */
function scatter(key: Key, values: Float32Array, slots: number, each: number, image: ImageShape): Gaussians {
  const [height, width, channels] = image
  const centers = uniform(key, slots * each * 2, -1, 1)
  const deviation = Math.sqrt((height * width) / each) / 2
  const colors = new Float32Array(slots * each * channels)
  for (let n = 0; n < slots * each; n++) {
    const [x, y] = [width, height].map((length, i) => Math.min(length - 1, Math.floor(((centers[2 * n + i]! + 1) / 2) * length))) // prettier-ignore
    const at = ((Math.floor(n / each) * height + y!) * width + x!) * channels
    colors.set(values.subarray(at, at + channels), n * channels)
  }
  const stored = (part: Float32Array) => tensor(part, [slots, each, part.length / (slots * each)])
  return {
    centers: stored(Float32Array.from(centers)),
    cholesky: stored(Float32Array.from({ length: slots * each * 3 }, (_, i) => (i % 3 === 1 ? 0 : deviation - 0.5))),
    colors: stored(colors),
    opacities: stored(new Float32Array(slots * each).fill(0.5)),
  }
}
