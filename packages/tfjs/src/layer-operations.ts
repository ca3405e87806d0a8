import {
  add,
  avgPool,
  concat,
  constant,
  conv2d,
  div,
  HabaError,
  matMul,
  max,
  maxPool,
  mean,
  mul,
  pad,
  reshape,
  sizeOf,
  sqrt,
  square,
  stopGradient,
  sub,
  type Mode,
  type Tree,
} from '@haba/core'
import type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'
import { activationLayers, activations, type Activation } from './activations.js'

/** The learned tensors of a layer by name: `kernel`, `bias`, `gamma`, `beta`. */
export type LayerWeights = Readonly<Record<string, Tensor>>
/** Running mean and (biased) variance of a batch normalization, each `[channels]`. */
export type RunningMoments = { readonly mean: Tensor; readonly variance: Tensor }

/** What is read of a layer of tfjs. */
export interface LayerDescription {
  readonly name: string
  readonly className: string
  readonly config: Readonly<Record<string, unknown>>
  /** Without the batch. */
  readonly outputShape: readonly number[]
}

/** A layer as a function. */
export interface LayerOperation {
  /** The names of what is learned, in the order of the layer's own weights; running moments follow there. */
  readonly learned: readonly string[]
  readonly hasMoments?: boolean
  /** Whether its input is a feature map to show: it shrinks or flattens maps. */
  readonly endsMap?: boolean
  /** Whether it is a Dense layer, whose input may be the network's features. */
  readonly isDense?: boolean
  /** What is applied to its result. */
  readonly activation: { readonly name: string; readonly apply: Activation }
  /** @param moved takes the moments that follow */
  apply(inputs: readonly Tensor[], weights: LayerWeights, moments: Moments | undefined): Tensor
}

/** The running moments of a layer during a call. */
interface Moments {
  readonly kind: Mode<Tree>['kind']
  readonly before: RunningMoments
  moved(after: RunningMoments): void
}

const linear = { name: 'linear', apply: activations.linear! }
const plain = (apply: (x: Tensor) => Tensor, endsMap = false): LayerOperation => ({
  learned: [],
  endsMap,
  activation: linear,
  apply: ([x]) => apply(x!),
})

type Pair = readonly [number, number]
type Pads = readonly [top: number, left: number, bottom: number, right: number]
interface Window {
  readonly sides: Pair
  readonly strides: Pair
  pads(x: Tensor4D): Pads
}

/** Reads layers of one class; `fail` refuses a setting. */
type Reader = (layer: LayerDescription, fail: (expected: string, got: string) => HabaError) => LayerOperation

const readers: Readonly<Record<string, Reader>> = {
  Conv2D: ({ config }, fail) => {
    const { sides: _, strides, pads } = windowOf(config, 'kernelSize', fail)
    if (String(config.dilationRate ?? [1, 1]) !== '1,1')
      throw fail('no dilation', `dilationRate ${String(config.dilationRate)}`)
    return {
      learned: config.useBias === false ? ['kernel'] : ['kernel', 'bias'],
      activation: activationOf(config, fail),
      apply: ([x], { kernel, bias }) =>
        biased(conv2d(x as Tensor4D, kernel as Tensor4D, { stride: strides, pad: pads(x as Tensor4D) }), bias),
    }
  },
  Dense: ({ config }, fail) => ({
    learned: config.useBias === false ? ['kernel'] : ['kernel', 'bias'],
    isDense: true,
    activation: activationOf(config, fail),
    apply: ([x], { kernel, bias }) => {
      const rows = reshape(x!, [-1, x!.shape.at(-1)!])
      const y = biased(matMul(rows, kernel as Tensor2D), bias)
      return reshape(y, [...x!.shape.slice(0, -1), kernel!.shape[1]!])
    },
  }),
  BatchNormalization: ({ config, outputShape }, fail) => {
    const { axis, momentum, epsilon } = config as Readonly<Record<string, number>>
    if (axis !== -1 && axis !== outputShape.length) throw fail('the last axis', `axis ${axis}`)
    return {
      learned: [...(config.scale === false ? [] : ['gamma']), ...(config.center === false ? [] : ['beta'])],
      hasMoments: true,
      activation: linear,
      apply: ([x], { gamma, beta }, moments) => {
        const { mean: center, variance } = momentsOf(x!, moments!, momentum!)
        const y = div(sub(x!, center), sqrt(add(variance, epsilon!)))
        return biased(gamma ? mul(y, gamma) : y, beta)
      },
    }
  },
  Activation: ({ config }, fail) => ({ ...plain((x) => x), activation: activationOf(config, fail) }),
  Softmax: ({ config, outputShape }, fail) => {
    if (config.axis !== -1 && config.axis !== outputShape.length)
      throw fail('the last axis', `axis ${String(config.axis)}`)
    return { ...plain((x) => x), activation: { name: 'softmax', apply: activations.softmax! } }
  },
  MaxPooling2D: ({ config }, fail) => {
    const { sides, strides, pads } = windowOf(config, 'poolSize', fail)
    return plain((x) => maxPool(x as Tensor4D, sides, { stride: strides, padding: pads(x as Tensor4D) }), true)
  },
  AveragePooling2D: ({ config }, fail) => {
    const window = windowOf(config, 'poolSize', fail)
    return plain((x) => averaged(x as Tensor4D, window), true)
  },
  GlobalAveragePooling2D: ({ config }, fail) =>
    plain(
      ofChannelsLast(config, fail, (x) => mean(x, [1, 2])),
      true,
    ),
  GlobalMaxPooling2D: ({ config }, fail) =>
    plain(
      ofChannelsLast(config, fail, (x) => max(x, [1, 2])),
      true,
    ),
  Flatten: ({ config }, fail) =>
    plain(
      ofChannelsLast(config, fail, (x) => reshape(x, [x.shape[0], -1])),
      true,
    ),
  Reshape: ({ config }) => {
    const target = (config.targetShape as readonly (number | null)[]).map((length) => length ?? -1)
    return plain((x) => reshape(x, [x.shape[0], ...target]))
  },
  ZeroPadding2D: ({ config }, fail) => {
    const [[top, bottom], [left, right]] = config.padding as readonly [Pair, Pair]
    return plain(ofChannelsLast(config, fail, (x) => pad(x, [0, top, left, 0], [0, bottom, right, 0])))
  },
  // A network draws nothing: what is dropped in tfjs's training stays.
  Dropout: () => plain((x) => x),
  Add: ({ outputShape }, fail) => ({
    learned: [],
    activation: linear,
    apply: (inputs) => {
      if (inputs.some(({ shape }) => String(shape.slice(1)) !== String(outputShape)))
        throw fail('inputs of one shape', inputs.map(({ shape }) => `[${shape}]`).join(' and '))
      return inputs.reduce((total, x) => add(total, x))
    },
  }),
  Concatenate: ({ config, outputShape }) => {
    const axis = config.axis as number
    return { ...plain((x) => x), apply: (inputs) => concat(inputs, axis < 0 ? axis + outputShape.length + 1 : axis) }
  },
  ...Object.fromEntries(
    Object.entries(activationLayers).map(([name, make]): [string, Reader] => [
      name,
      ({ config }) => ({ ...plain((x) => x), activation: { name, apply: make(config) } }),
    ]),
  ),
}

/**
 * A layer of tfjs as a function of core's ops.
 *
 * @throws HabaError, naming the layer and its class, where the class or one of its settings has no such function
 */
export function operationOf(layer: LayerDescription): LayerOperation {
  const who = `fromLayersModel, layer '${layer.name}' (${layer.className})`
  const reader = Object.hasOwn(readers, layer.className) ? readers[layer.className] : undefined
  if (!reader)
    throw new HabaError(
      who,
      `one of ${Object.keys(readers).join(', ')}`,
      layer.className,
      'Replace the layer, or write the network with the ops of @haba/core.',
    )
  return reader(layer, (expected, got) => new HabaError(who, expected, got, 'Change the layer.'))
}

const biased = (x: Tensor, bias: Tensor | undefined): Tensor => (bias ? add(x, bias) : x)

function activationOf(
  { activation }: LayerDescription['config'],
  fail: Parameters<Reader>[1],
): LayerOperation['activation'] {
  const name = (activation as string | null | undefined) ?? 'linear'
  if (!Object.hasOwn(activations, name))
    throw fail(`one of the activations ${Object.keys(activations).join(', ')}`, name)
  return { name, apply: activations[name]! }
}

function ofChannelsLast<F>({ dataFormat }: LayerDescription['config'], fail: Parameters<Reader>[1], apply: F): F {
  if (dataFormat === 'channelsFirst') throw fail('dataFormat channelsLast', 'channelsFirst')
  return apply
}

/** Sides, strides and padding of a convolution or a pooling. */
function windowOf(config: LayerDescription['config'], size: string, fail: Parameters<Reader>[1]): Window {
  const [sides, strides] = [config[size], config.strides] as [Pair, Pair]
  const { padding } = config
  if (padding !== 'same' && padding !== 'valid') throw fail("padding 'same' or 'valid'", `'${String(padding)}'`)
  const around = (length: number, axis: 0 | 1) => {
    const total = Math.max(0, (Math.ceil(length / strides[axis]) - 1) * strides[axis] + sides[axis] - length)
    return [Math.floor(total / 2), Math.ceil(total / 2)] as const
  }
  const pads = ({ shape: [, height, width] }: Tensor4D): Pads => {
    const [top, bottom] = around(height, 0)
    const [left, right] = around(width, 1)
    return [top, left, bottom, right]
  }
  return { sides, strides, pads: ofChannelsLast(config, fail, padding === 'same' ? pads : () => [0, 0, 0, 0]) }
}

/** The mean of each window, of those values alone that lie on the map. */
function averaged(x: Tensor4D, { sides, strides, pads }: Window): Tensor4D {
  const [top, left, bottom, right] = pads(x)
  if (!top && !left && !bottom && !right) return avgPool(x, sides, strides)
  const y = avgPool(pad(x, [0, top, left, 0], [0, bottom, right, 0]), sides, strides)
  const [, h, w] = y.shape
  const seen = (i: number, axis: 0 | 1, before: number, length: number) =>
    Math.min(i * strides[axis] - before + sides[axis], length) - Math.max(i * strides[axis] - before, 0)
  const shares = Float32Array.from({ length: h * w }, (_, k) => {
    const [i, j] = [Math.floor(k / w), k % w]
    return sizeOf(sides) / (seen(i, 0, top, x.shape[1]) * seen(j, 1, left, x.shape[2]))
  })
  return mul(y, constant(shares, [1, h, w, 1]))
}

/** The moments that a batch normalization uses; in training those of the batch, and the running ones move. */
function momentsOf(x: Tensor, { kind, before, moved }: Moments, momentum: number): RunningMoments {
  if (kind === 'evaluate') return before
  const axes = x.shape.map((_, axis) => axis).slice(0, -1)
  const center = mean(x, axes)
  const variance = mean(square(sub(x, center)), axes)
  const toward = (old: Tensor, now: Tensor) => add(mul(old, momentum), mul(stopGradient(now), 1 - momentum))
  moved({ mean: toward(before.mean, center), variance: toward(before.variance, variance) })
  return { mean: center, variance }
}
