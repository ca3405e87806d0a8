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
  /** Bases a class (BPC): one number, or one for each class. */
  readonly basesPerClass: number | readonly number[]
  /** How many hallucinators, |H| (`n_style`). @default 5 */
  readonly hallucinators?: number
  /** Size and channels of a basis. @default image */
  readonly basis?: ImageShape
  /** Side of the encoder's and decoder's kernels, 1 … the smaller side of what is encoded. @default 3 */
  readonly kernel?: number
  /** Channels between encoder and decoder. @default the image's channels */
  readonly hidden?: number
  /** Convolutions of the encoder, and as many of the decoder. @default 1, as published */
  readonly layers?: number
  /** After each encoding layer, and between decoding layers. @default none, as released: a hallucinator is an affine map */
  readonly activation?: Activation
  /** Where smaller bases are enlarged. @default 'last' */
  readonly enlarge?: Enlarge
  /** Whether maps are smaller than what is encoded, or as large. @default 'valid', as released */
  readonly padding?: 'valid' | 'same'
  /** A scale and a shift for every position of the encoded maps, or one a channel (as AdaIN). @default 'pixel', as released */
  readonly modulation?: 'pixel' | 'channel'
  /** Who shares hallucinators: all classes, or each class has |H| of its own (the paper's ablation). @default shared */
  readonly sharing?: Sharing
  /** Where bases start. @default fromReal */
  readonly start?: Start
  /** Where hallucinators start. @default identity() */
  readonly initializer?: Initializer
  /** Brings the whole set near real images before it is distilled. @default not at all */
  readonly fit?: Fit
  /** Any set of images of a basis's size as the bases, instead of `basesPerClass` plain ones. */
  readonly of?: Parameterization<B>
}

/**
 * Where smaller bases are enlarged to an image's size, bilinearly. `first`: before they are encoded (as released), so that
 * scales and shifts have the image's resolution; `last`: after they are decoded, so that they have the basis's.
 */
export type Enlarge = 'first' | 'last'

/** Which of the stacked hallucinators renders a slot under a view. */
export interface Sharing {
  readonly name: string
  /** Stacked hallucinators in all. */
  count(hallucinators: number, classes: number): number
  /** `[rows]`, float32: for each row the stacked hallucinator. @param view `[rows]`, float32, `0 … hallucinators-1` */
  which(slots: Tensor1D, view: Tensor1D, hallucinators: number, layout: Layout): Tensor1D
}

/** All classes share the hallucinators. */
export const shared: Sharing = {
  name: 'shared',
  count: (hallucinators) => hallucinators,
  which: (_, view) => view,
}

/** Every class has hallucinators of its own. */
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

/** Parameters that a factorized set stores. */
export type FactorizedParams<B extends Tree = Tensor4D> = {
  /** `[slots, basisHeight, basisWidth, basisChannels]`, or the parameters of the set that the bases are. */
  readonly bases: B
  readonly hallucinators: Hallucinators
}

const none: Activation = (x) => x

/**
 * HaBa's factorized set (Liu et al., NeurIPS 2022): it stores bases and a few hallucinators, and renders all their
 * products. View j of slot i is `decode_j(scale_j ⊙ encode_j(basis_i) + shift_j)`. If the bases have views themselves,
 * view `u · hallucinators + j` is their view u under hallucinator j.
 *
 * @throws HabaError for sizes that do not fit
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

  /** Rows of the bases, and each one's hallucinator among the stacked. */
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

/** Bases that are stored as they are. */
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
