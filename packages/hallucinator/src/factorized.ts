import type { Tensor1D, Tensor4D } from '@tensorflow/tfjs-core'
import {
  checkArguments,
  add,
  cast,
  classMajorLabels,
  constant,
  floor,
  foldIn,
  fromReal,
  gather,
  HabaError,
  mapTree,
  mul,
  resizeBilinear,
  sub,
  targetsOf,
  type Batch,
  type Fit,
  type ImageShape,
  type Layout,
  type Parameterization,
  type Rows,
  type Start,
  type Tree,
} from '@haba/core'
import { hallucinate, type Activation, type Hallucinators } from './hallucinate.js'
import { identity, type HallucinatorShape, type Initializer } from './initializers.js'
import { shrunk } from './shrink.js'

/** Options of `factorized`. */
export interface FactorizedOptions<B extends Tree = Tensor4D> {
  readonly image: ImageShape
  readonly classes: number
  /** Bases per class (BPC): one number, or one for each class. */
  readonly basesPerClass: number | readonly number[]
  /** Number of hallucinators, |H| (released code: `n_style`). @default 5 */
  readonly hallucinators?: number
  /** Size and channels of a basis. @default image */
  readonly basis?: ImageShape
  /** Side of the encoder's and decoder's kernels, 1 … the smaller side of the encoded image. @default 3 */
  readonly kernel?: number
  /** Channels between encoder and decoder. @default the image's channels */
  readonly hidden?: number
  /** Convolutions of the encoder; the decoder has as many. @default 1, as published */
  readonly layers?: number
  /** After each encoding layer, and between decoding layers. @default none, as released: a hallucinator is an affine map */
  readonly activation?: Activation
  /** When smaller bases are enlarged. @default 'last' */
  readonly enlarge?: Enlarge
  /** Whether encoded maps are smaller than their input ('valid') or as large ('same'). @default 'valid', as released */
  readonly padding?: 'valid' | 'same'
  /** A scale and a shift for every position of the encoded maps, or for every channel (as in AdaIN). @default 'pixel', as released */
  readonly modulation?: 'pixel' | 'channel'
  /** Whether all classes share hallucinators, or each class has its own |H| (the paper's ablation). @default shared */
  readonly sharing?: Sharing
  /** Initial bases. @default fromReal */
  readonly start?: Start
  /** Initial hallucinators. @default identity() */
  readonly initializer?: Initializer
  /** Fits the whole set to real images before distillation. @default no fit */
  readonly fit?: Fit
  /** A set whose images, of a basis's size, are the bases, instead of `basesPerClass` plain ones. */
  readonly of?: Parameterization<B>
}

/**
 * When smaller bases are enlarged to the image's size, bilinearly. `first`: before encoding (as released), so that scales and
 * shifts have the resolution of the image. `last`: after decoding, so that they have the resolution of the basis.
 */
export type Enlarge = 'first' | 'last'

/** Assigns stacked hallucinators to slots and views. */
export interface Sharing {
  readonly name: string
  /** Total number of stacked hallucinators. */
  count(hallucinators: number, classes: number): number
  /** `[rows]`, float32: the index of each row's stacked hallucinator. @param view `[rows]`, float32, `0 … hallucinators-1` */
  which(slots: Tensor1D, view: Tensor1D, hallucinators: number, layout: Layout): Tensor1D
}

/** All classes share the hallucinators. */
export const shared: Sharing = {
  name: 'shared',
  count: (hallucinators) => hallucinators,
  which: (_, view) => view,
}

/** Every class has its own hallucinators. */
export const perClass: Sharing = {
  name: 'per class',
  count: (hallucinators, classes) => hallucinators * classes,
  which: (slots, view, hallucinators, { labels }) =>
    add(
      gather(
        constant(
          Float32Array.from(labels, (label) => label * hallucinators),
          [labels.length],
        ),
        slots,
      ),
      view,
    ),
}

/** The parameters of a factorized set. */
export type FactorizedParams<B extends Tree = Tensor4D> = {
  /** `[slots, basisHeight, basisWidth, basisChannels]`, or the parameters of the inner set (`of`). */
  readonly bases: B
  readonly hallucinators: Hallucinators
}

const none: Activation = (x) => x

/**
 * HaBa's factorized set (Liu et al., NeurIPS 2022). It stores bases and a few hallucinators, and renders every basis with
 * every hallucinator. View j of slot i is `decode_j(scale_j ⊙ encode_j(basis_i) + shift_j)`. If the bases have views, view
 * `u · hallucinators + j` is their view u with hallucinator j.
 *
 * @throws HabaError for invalid sizes
 */
export function factorized<B extends Tree = Tensor4D>(
  options: FactorizedOptions<B>,
): Parameterization<FactorizedParams<B>>
export function factorized(options: FactorizedOptions<Tree>): Parameterization<FactorizedParams<Tree>> {
  checkArguments('factorized', options, { image: 'image', classes: 'classes' })
  const {
    image,
    classes,
    hallucinators = 5,
    kernel = 3,
    layers = 1,
    enlarge = 'last',
    padding = 'valid',
    modulation = 'pixel',
    sharing = shared,
    activation = none,
    initializer = identity(),
    fit,
  } = options
  const basis = options.of?.layout.image ?? options.basis ?? image
  const hidden = options.hidden ?? image[2]
  const encoded = enlarge === 'first' ? image : basis
  const side = Math.min(encoded[0], encoded[1])
  const fail = (expected: string, got: unknown): never => {
    throw new HabaError('factorized', expected, String(got), 'Change the option.')
  }
  if (!Number.isInteger(hallucinators) || hallucinators < 1) fail('at least 1 hallucinator', hallucinators)
  if (!Number.isInteger(hidden) || hidden < 1) fail('at least 1 hidden channel', hidden)
  if (!Number.isInteger(layers) || layers < 1) fail('at least 1 layer', layers)
  if (basis.length !== 3 || basis.some((length) => !Number.isInteger(length) || length < 1))
    fail('a basis of [height, width, channels]', `[${basis}]`)
  if (!Number.isInteger(kernel) || kernel < 1 || kernel > side) fail(`a kernel of 1 … ${side}`, kernel)
  if (padding === 'same' && kernel % 2 === 0) fail('an odd kernel with padding "same"', kernel)
  const lost = padding === 'same' ? 0 : layers * (kernel - 1)
  if (lost >= side)
    fail(`layers that leave a map of at least 1 of ${side} pixels`, `${layers} layers of kernel ${kernel}`)

  const bases: Parameterization<Tree> = options.of ?? plainBases(options, basis)
  const { labels, slots, views } = bases.layout
  const layout: Layout = { image, classes, slots, views: views * hallucinators, labels }
  const shape: HallucinatorShape = {
    count: sharing.count(hallucinators, classes),
    kernel,
    channels: { basis: basis[2], hidden, image: image[2] },
    maps: modulation === 'channel' ? [1, 1] : [encoded[0] - lost, encoded[1] - lost],
    layers,
  }
  const convolutions = { activation, padding: padding === 'same' ? (kernel - 1) / 2 : 0 }

  /** The rows of the bases, and the index of each row's hallucinator. */
  const split = ({ slots: rows, views: seen }: Rows): readonly [Rows, Tensor1D] => {
    const index = (x: Tensor1D) => cast(x, 'int32')
    const view = cast(seen, 'float32')
    const inner = floor(mul(add(view, 0.5), 1 / hallucinators))
    const own = sub(view, mul(inner, hallucinators))
    const which = sharing.which(rows, views === 1 ? view : own, hallucinators, layout)
    return [{ slots: rows, views: index(views === 1 ? mul(view, 0) : inner) }, index(which)]
  }

  return {
    name: `factorized, ${sharing.name} hallucinators`,
    layout,
    ...(fit && { fit }),
    async init(key, seed) {
      const small = async (count: number): Promise<Batch> => {
        const { images, targets } = await seed(count)
        return { images: await shrunk(images, basis), targets }
      }
      return {
        bases: await bases.init(foldIn(key, 'bases'), small),
        hallucinators: initializer(key, shape),
      }
    },
    render(params, rows) {
      const [inner, which] = split(rows)
      const { images, targets } = bases.render(params.bases, inner)
      const sized = (x: Tensor4D) => resizeBilinear(x, image[0], image[1])
      const each = mapTree((x) => gather(x, which), params.hallucinators)
      const seen = hallucinate(enlarge === 'first' ? sized(images) : images, each, convolutions)
      return { images: enlarge === 'first' ? seen : sized(seen), targets }
    },
  }
}

/** Bases stored as plain images. */
function plainBases(
  { classes, basesPerClass, start = fromReal }: Omit<FactorizedOptions, 'of'>,
  image: ImageShape,
): Parameterization<Tensor4D> {
  const labels = classMajorLabels('factorized', classes, basesPerClass)
  const layout: Layout = { image, classes, slots: labels.length, views: 1, labels }
  return {
    name: 'bases',
    layout,
    init: (key, seed) => start(key, [labels.length, ...image], labels, seed),
    render: (stored, { slots }) => ({ images: gather(stored, slots), targets: targetsOf(layout, slots) }),
  }
}
