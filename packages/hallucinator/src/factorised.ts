import type { Tensor4D } from '@tensorflow/tfjs-core'
import {
  add,
  cast,
  classMajorLabels,
  constant,
  fold,
  fromReal,
  gather,
  HabaError,
  mapTree,
  reshape,
  resizeBilinear,
  sizeOf,
  storageOf,
  targetsOf,
  tensor,
  tensorLeaves,
  uniform,
  type ImageShape,
  type Layout,
  type Parameterization,
  type Rows,
  type Start,
} from '@haba/core'
import type { Tensor1D } from '@tensorflow/tfjs-core'
import { hallucinate, hallucinateEach, type Activation, type Hallucinators } from './hallucinate.js'

/** Options of `factorised`. */
export interface FactorisedOptions {
  readonly image: ImageShape
  readonly classes: number
  /** Bases a class (BPC): one number, or one for each class. */
  readonly basesPerClass: number | readonly number[]
  /** How many hallucinators, |H| (`n_style`). @default 5 */
  readonly hallucinators?: number
  /** Size and channels of a basis. A smaller one is resized bilinearly before it is encoded. @default image */
  readonly basis?: ImageShape
  /** Side of the encoder's and decoder's kernels, 1 … the image's smaller side. @default 3 */
  readonly kernel?: number
  /** Channels between encoder and decoder. @default the image's channels */
  readonly hidden?: number
  /** Who shares hallucinators: all classes, or each class has |H| of its own (the paper's ablation). @default shared */
  readonly sharing?: Sharing
  /** After the encoder. The released code has none, so that a hallucinator is an affine map. @default identity */
  readonly activation?: Activation
  /** Where bases start, after being brought to the basis's size and channels. @default fromReal */
  readonly start?: Start
}

/** Which stacked hallucinator serves a slot of a class under a view. */
export interface Sharing {
  readonly name: string
  /** Stacked hallucinators in all. */
  count(hallucinators: number, classes: number): number
  render(bases: Tensor4D, all: Hallucinators, rows: Rows, layout: Layout, activation: Activation): Tensor4D
}

/** All classes share the hallucinators: a batch uses the one of its view. */
export const shared: Sharing = {
  name: 'shared',
  count: (hallucinators) => hallucinators,
  render: (bases, all, { view }, _, activation) => {
    const index = reshape(view, [1]) as Tensor1D
    return hallucinate(
      bases,
      mapTree((x) => gather(x, index), all),
      activation,
    )
  },
}

/** Every class has hallucinators of its own. */
export const perClass: Sharing = {
  name: 'per class',
  count: (hallucinators, classes) => hallucinators * classes,
  render: (bases, all, { slots, view }, layout, activation) => {
    const first = constant(
      layout.labels.map((label) => label * layout.views),
      [layout.slots, 1],
    )
    const index = add(cast(reshape(gather(first, slots), [slots.shape[0]]), 'float32'), cast(view, 'float32'))
    return hallucinateEach(
      bases,
      mapTree((x) => gather(x, cast(index, 'int32') as Tensor1D), all),
      activation,
    )
  },
}

/** What a factorised set stores. */
export type FactorisedParams = {
  /** `[slots, basisHeight, basisWidth, basisChannels]` */
  readonly bases: Tensor4D
  readonly hallucinators: Hallucinators
}

const identity: Activation = (x) => x

/**
 * HaBa's factorised set (Liu et al., NeurIPS 2022): what is stored are bases and a few hallucinators; what a network sees
 * are all their products. View j of slot i is `decode_j(scale_j ⊙ encode_j(basis_i) + shift_j)`.
 *
 * @throws HabaError for sizes that do not fit
 */
export function factorised(options: FactorisedOptions): Parameterization<FactorisedParams> {
  const {
    image,
    classes,
    basesPerClass,
    hallucinators = 5,
    kernel = 3,
    sharing = shared,
    activation = identity,
    start = fromReal,
  } = options
  const basis = options.basis ?? image
  const hidden = options.hidden ?? image[2]
  const who = 'factorised'
  const fail = (expected: string, got: unknown): never => {
    throw new HabaError(who, expected, String(got), 'Mend the option.')
  }
  if (!Number.isInteger(hallucinators) || hallucinators < 1) fail('at least 1 hallucinator', hallucinators)
  if (!Number.isInteger(kernel) || kernel < 1 || kernel > Math.min(image[0], image[1]))
    fail(`a kernel of 1 … ${Math.min(image[0], image[1])}`, kernel)
  if (!Number.isInteger(hidden) || hidden < 1) fail('at least 1 hidden channel', hidden)
  if (basis.length !== 3 || basis.some((length) => !Number.isInteger(length) || length < 1))
    fail('a basis of [height, width, channels]', `[${basis}]`)

  const labels = classMajorLabels(who, classes, basesPerClass)
  const layout: Layout = { image, classes, slots: labels.length, views: hallucinators, labels }
  const stacked = sharing.count(hallucinators, classes)
  const [h, w] = [image[0] - kernel + 1, image[1] - kernel + 1]
  return {
    name: `factorised, ${sharing.name} hallucinators`,
    layout,
    async init(key, seed) {
      const real = await start(fold(key, 'bases'), [labels.length, ...image], labels, seed)
      const bases = await toBasis(real, basis)
      // PyTorch's defaults: bounds 1/√fan_in, where a transposed convolution counts its outputs (spec §2.1).
      const drawn = (name: string, shape: readonly number[], fan: number) =>
        tensor(uniform(fold(key, name), sizeOf(shape), -1 / Math.sqrt(fan), 1 / Math.sqrt(fan)), shape)
      const [encodeFan, decodeFan] = [kernel * kernel * basis[2], kernel * kernel * image[2]]
      const maps = [stacked, h, w, hidden]
      return {
        bases,
        hallucinators: {
          encode: {
            kernel: drawn('encode.kernel', [stacked, kernel, kernel, basis[2], hidden], encodeFan),
            bias: drawn('encode.bias', [stacked, hidden], encodeFan),
          },
          scale: tensor(new Float32Array(sizeOf(maps)).fill(1), maps),
          shift: tensor(new Float32Array(sizeOf(maps)), maps),
          decode: {
            kernel: drawn('decode.kernel', [stacked, kernel, kernel, image[2], hidden], decodeFan),
            bias: drawn('decode.bias', [stacked, image[2]], decodeFan),
          },
        } as Hallucinators,
      }
    },
    render(params, rows) {
      const bases = resizeBilinear(gather(params.bases, rows.slots), image[0], image[1])
      return {
        images: sharing.render(bases, params.hallucinators, rows, layout, activation),
        targets: targetsOf(layout, rows.slots),
      }
    },
    storage: (params) =>
      storageOf(
        {
          bases: params.bases.size,
          hallucinators: tensorLeaves(params.hallucinators).reduce((total, t) => total + t.size, 0),
        },
        layout,
      ),
  }
}

/** Images averaged over channels where the basis has another number of them, and area-averaged to the basis's size. */
async function toBasis(images: Tensor4D, basis: ImageShape): Promise<Tensor4D> {
  const [count, height, width, channels] = images.shape
  if (height === basis[0] && width === basis[1] && channels === basis[2]) return images
  const values = (await images.data()) as Float32Array
  images.dispose()
  const result = new Float32Array(count * sizeOf(basis))
  const span = (i: number, from: number, to: number) =>
    [Math.floor((i * from) / to), Math.max(Math.floor((i * from) / to) + 1, Math.ceil(((i + 1) * from) / to))] as const
  let at = 0
  for (let n = 0; n < count; n++)
    for (let y = 0; y < basis[0]; y++)
      for (let x = 0; x < basis[1]; x++)
        for (let c = 0; c < basis[2]; c++) {
          const [top, bottom] = span(y, height, basis[0])
          const [left, right] = span(x, width, basis[1])
          const [first, last] = channels === basis[2] ? [c, c + 1] : [0, channels]
          let total = 0
          for (let i = top; i < bottom; i++)
            for (let j = left; j < right; j++)
              for (let k = first; k < last; k++) total += values[((n * height + i) * width + j) * channels + k]!
          result[at++] = total / ((bottom - top) * (right - left) * (last - first))
        }
  return tensor(result, [count, ...basis])
}
