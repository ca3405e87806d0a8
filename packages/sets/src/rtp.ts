import type { Tensor3D, Tensor4D } from '@tensorflow/tfjs-core'
import {
  checkArguments,
  classMajorLabels,
  foldIn,
  gather,
  HabaError,
  matMul,
  reshape,
  resizeBilinear,
  sizeOf,
  targetsOf,
  tensor,
  transpose,
  uniform,
  type ImageShape,
  type Layout,
  type Parameterization,
} from '@haba/core'
import { checkWhole } from './stored-images.js'

/** Options of `rtp`. */
export interface RtpOptions {
  readonly image: ImageShape
  readonly classes: number
  /** Bases that all classes share (K). @default 16, as published for one image a class of CIFAR-10 */
  readonly bases?: number
  /** Sides of an image by those of a basis; it divides height and width. @default 2 */
  readonly downsample?: number
  /** Addresses, each of which gives one image of every class. Instead of `imagesPerClass`. */
  readonly addresses?: number
  /** Floats of so many real images a class: beside the bases there are as many addresses as fit. Labels come on top. */
  readonly imagesPerClass?: number
}

/** Parameters that RTP stores. */
export type RtpParams = {
  /** `[bases, height / downsample, width / downsample, channels]` */
  readonly bases: Tensor4D
  /** `[addresses, classes, bases]`: how much of every basis an image of a class takes at an address. */
  readonly addresses: Tensor3D
}

/**
 * RTP's addressable memories (Remember the Past; Deng and Russakovsky, NeurIPS 2022, section 3.1): the image of class y at
 * address r is `Σ_k A_r[y, k] · B_k`, enlarged bilinearly (corners not aligned). Slots are pairs of class and address,
 * class-major. Both parts start Xavier uniform, with no real images, as in the released code: a basis is a row of a matrix
 * `[bases, values of a basis]`, an image's address one of `[addresses · classes, bases]`.
 *
 * Its published numbers are by unrolled training with momentum; any objective takes it.
 *
 * @throws HabaError for counts below 1, a `downsample` that does not divide the image, both or neither of `addresses` and
 * `imagesPerClass`, or a budget that leaves no room for an address
 */
export function rtp(options: RtpOptions): Parameterization<RtpParams> {
  checkArguments('rtp', options, { image: 'image', classes: 'classes' })
  const who = 'rtp'
  const { image, classes, bases = 16, downsample = 2 } = options
  const [height, width, channels] = image
  checkWhole(who, 'bases', bases, 1)
  checkWhole(who, 'downsample', downsample, 1)
  if (height % downsample !== 0 || width % downsample !== 0)
    throw new HabaError(
      who,
      `a downsample that divides ${height} × ${width} pixels`,
      `${downsample}`,
      'A basis is enlarged by it to a whole image; 1 keeps whole bases.',
    )
  const basis = [height / downsample, width / downsample, channels] as const
  const addresses = addressesOf(options, bases, sizeOf(basis))
  const labels = classMajorLabels(who, classes, addresses)
  const layout: Layout = { image, classes, slots: labels.length, views: 1, labels }
  return {
    name: `RTP of ${bases} bases`,
    layout,
    init: async (key) => ({
      bases: xavier(foldIn(key, 'bases'), [bases, sizeOf(basis)], [bases, ...basis]) as Tensor4D,
      addresses: xavier(
        foldIn(key, 'addresses'),
        [addresses * classes, bases],
        [addresses, classes, bases],
      ) as Tensor3D,
    }),
    render(params, { slots }) {
      const byClass = reshape(transpose(params.addresses, [1, 0, 2]), [labels.length, bases])
      const flat = reshape(params.bases, [bases, sizeOf(basis)])
      const small = reshape(matMul(gather(byClass, slots), flat), [slots.shape[0], ...basis])
      return { images: resizeBilinear(small, height, width), targets: targetsOf(layout, slots) }
    },
  }
}

/** Number of addresses: as requested, or as many as fit: `⌊(imagesPerClass · image · classes - bases · basis) / (classes · bases)⌋`. */
function addressesOf(options: RtpOptions, bases: number, basis: number): number {
  const { image, classes, addresses, imagesPerClass } = options
  if ((addresses === undefined) === (imagesPerClass === undefined))
    throw new HabaError(
      'rtp',
      'either addresses or imagesPerClass',
      addresses === undefined ? 'neither' : 'both',
      'Give addresses to count images a class, imagesPerClass to have as many as fit into the floats of real ones.',
    )
  if (addresses !== undefined) {
    checkWhole('rtp', 'addresses', addresses, 1)
    return addresses
  }
  const budget = imagesPerClass! * sizeOf(image) * classes
  const fitting = Math.floor((budget - bases * basis) / (classes * bases))
  if (!(fitting >= 1) || !Number.isFinite(fitting))
    throw new HabaError(
      'rtp',
      `room for ${bases} bases of ${basis} floats and one address of ${classes * bases}`,
      `imagesPerClass ${imagesPerClass}, ${budget} floats`,
      'Raise imagesPerClass, or have fewer or smaller bases.',
    )
  return fitting
}

/** Uniform within `±√(6 / (rows + columns))`. */
function xavier(
  key: Parameters<typeof foldIn>[0],
  [rows, columns]: readonly [number, number],
  shape: readonly number[],
) {
  const bound = Math.sqrt(6 / (rows + columns))
  return tensor(uniform(key, rows * columns, -bound, bound), shape)
}
