import { foldIn, HabaError, reshape, sizeOf, tensor, type Mode, type Network, type NetworkOutput } from '@haba/core'
import type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers'
import { drawOf, type Draw } from './initial-values.js'
import { operationOf, type LayerOperation, type LayerWeights, type RunningMoments } from './layer-operations.js'

type Layer = LayersModel['layers'][number]

/** The learned tensors of every layer that has any, in the order of the model's `layers`. */
export type LayersWeights = readonly LayerWeights[]
/** The running moments of every BatchNormalization, in the order of the model's `layers`. */
export type LayersState = readonly RunningMoments[]

/** Weights with the running moments that belong to them. */
export interface LayersValues {
  readonly weights: LayersWeights
  readonly state: LayersState
}

/** A network that a `tf.LayersModel` describes. */
export interface LayersNetwork extends Network<LayersWeights, LayersState> {
  /** Copies of the values that the model has now, such as trained ones; the caller owns them. */
  current(): Promise<LayersValues>
}

/** Where a network came from. */
export interface Origin {
  /** The model's topology, as `toJSON` gives it. */
  readonly topology: Exclude<ReturnType<LayersModel['toJSON']>, string>
  readonly layers: readonly WeightedLayer[]
}

/** A layer that holds tensors, and how `LayersValues` orders them. */
interface WeightedLayer {
  readonly name: string
  readonly learned: readonly { readonly name: string; readonly shape: readonly number[]; readonly draw: Draw }[]
  readonly moments: readonly [mean: Draw, variance: Draw] | undefined
}

/** A layer's call: which values it takes, and where its tensors are. */
interface Call {
  readonly operation: LayerOperation
  readonly inputs: readonly number[]
  /** Index into the weights; -1 where nothing is learned. */
  readonly weights: number
  /** Index into the state; -1 without moments. */
  readonly moments: number
}

const origins = new WeakMap<object, Origin>()

/** The model that a network came from; undefined for any other network. */
export const originOf = (network: object): Origin | undefined => origins.get(network)

const none: LayerWeights = {}

/**
 * A tf.LayersModel as a network: the same values and gradients, to any order, in every engine.
 *
 * The model is sequential or functional, with one input of fixed sizes and one output `[batch, classes]`; a softmax at its
 * end is left out, since a network gives logits. Layers: Conv2D, Dense, BatchNormalization, Activation, ReLU, LeakyReLU, ELU,
 * Softmax, MaxPooling2D, AveragePooling2D, GlobalAveragePooling2D, GlobalMaxPooling2D, Flatten, Reshape, ZeroPadding2D,
 * Dropout, Add, Concatenate. Dropout does nothing, in training either: a network draws nothing. Regularizers and constraints
 * belong to tfjs's training and have no effect here.
 *
 * `init` draws fresh weights as the layers' initializers say; `current` gives the model's own. `features` is what enters the
 * last Dense layer, where that gives the logits, else the logits; `maps` are the maps that enter poolings and Flatten. The
 * model is read once and may be disposed of afterwards, unless `current` is called.
 *
 * @throws HabaError, naming the layer and its class, for any other layer or setting
 * @example const network = fromLayersModel(tf.sequential({ layers: [tf.layers.flatten({ inputShape: [28, 28, 1] }), …] }))
 */
export function fromLayersModel(model: LayersModel): LayersNetwork {
  const { input, output } = endsOf(model)
  const weighted = model.layers.filter(({ weights }) => weights.length > 0)
  const described = new Map(weighted.map((layer) => [layer, weightedLayer(layer)]))
  const layers = [...described.values()]
  const indices = {
    weights: weighted.filter((layer) => described.get(layer)!.learned.length > 0),
    moments: weighted.filter((layer) => described.get(layer)!.moments),
  }
  const calls = callsOf(input, output, (layer) => ({
    weights: indices.weights.indexOf(layer),
    moments: indices.moments.indexOf(layer),
  }))
  const activation = calls.at(-1)?.operation.activation.name ?? 'linear'
  if (activation !== 'linear' && activation !== 'softmax')
    throw new HabaError(
      `fromLayersModel, layer '${output.sourceLayer.name}' (${output.sourceLayer.getClassName()})`,
      'logits, or a softmax of them, at the end of the model',
      activation,
      'End the model with a Dense layer without an activation, or with softmax.',
    )
  const inputShape = input.shape.slice(1) as number[]
  const network: LayersNetwork = {
    name: model.name,
    init: (key) => {
      const at = (i: number, name: string) => foldIn(foldIn(foldIn(key, 'layers'), i), name)
      return valuesOf(layers, (layer, i) => ({
        learned: layer.learned.map(({ name, draw }) => draw(at(i, name))),
        moments: layer.moments?.map((draw, j) => draw(at(i, `moment ${j}`))),
      }))
    },
    apply: (weights, images, mode) => run(calls, weights, inRows(images, inputShape, model.name), mode),
    current: async () => {
      const read = async (x: Tensor) => tensor((await x.data<'float32'>()).slice(), x.shape)
      const values = await Promise.all(weighted.map((layer) => Promise.all(layer.getWeights().map(read))))
      return valuesOf(layers, ({ learned }, i) => ({
        learned: values[i]!.slice(0, learned.length),
        moments: values[i]!.slice(learned.length),
      }))
    },
  }
  origins.set(network, { topology: model.toJSON(null, false) as Origin['topology'], layers })
  return network
}

/** The one input and the one output of a model. */
function endsOf(model: LayersModel): { readonly input: SymbolicTensor; readonly output: SymbolicTensor } {
  const who = `fromLayersModel, model '${model.name}'`
  const { inputs, outputs } = model
  if (!inputs?.length || !outputs?.length)
    throw new HabaError(who, 'a model that is built', 'one without layers', 'Add its layers first.')
  const [input, output] = [inputs[0]!, outputs[0]!]
  const lengths = `${inputs.length} inputs and ${outputs.length} outputs`
  if (inputs.length !== 1 || outputs.length !== 1)
    throw new HabaError(who, 'one input and one output', lengths, 'Split the model.')
  if (input.shape.slice(1).some((length) => length === null))
    throw new HabaError(who, 'an input of fixed sizes', `[${input.shape.slice(1)}]`, 'Give every side in `inputShape`.')
  if (output.shape.length !== 2)
    throw new HabaError(who, 'an output [batch, classes]', `rank ${output.shape.length}`, 'End it with a Dense layer.')
  return { input, output }
}

/** The layers between input and output in an order in which each comes after those that it needs; value 0 is the input. */
function callsOf(
  input: SymbolicTensor,
  output: SymbolicTensor,
  indicesOf: (layer: Layer) => Pick<Call, 'weights' | 'moments'>,
): readonly Call[] {
  const calls: Call[] = []
  const known = new Map<number, number>([[input.id, 0]])
  const visit = (x: SymbolicTensor): number => {
    const found = known.get(x.id)
    if (found !== undefined) return found
    const layer = x.sourceLayer
    const operation = operationOf({
      name: layer.name,
      className: layer.getClassName(),
      config: layer.getConfig(),
      outputShape: x.shape.slice(1) as number[],
    })
    const inputs = layer.inboundNodes[x.nodeIndex]!.inputTensors.map(visit)
    known.set(x.id, calls.push({ operation, inputs, ...indicesOf(layer) }))
    return calls.length
  }
  visit(output)
  return calls
}

function weightedLayer(layer: Layer): WeightedLayer {
  const className = layer.getClassName()
  const config = layer.getConfig()
  const who = `fromLayersModel, layer '${layer.name}' (${className})`
  const outputShape = [layer.outputShape].flat(1).slice(1) as number[]
  const { learned, hasMoments } = operationOf({ name: layer.name, className, config, outputShape })
  if (!layer.trainable)
    throw new HabaError(who, 'a layer that is trained', 'trainable: false', 'Set its `trainable` to true.')
  const shapes = layer.weights.map(({ shape }) => shape as number[])
  const draw = (name: string, i: number) => drawOf(`${who}, ${name}`, config[`${name}Initializer`], shapes[i]!)
  return {
    name: layer.name,
    learned: learned.map((name, i) => ({ name, shape: shapes[i]!, draw: draw(name, i) })),
    moments: hasMoments ? [draw('movingMean', learned.length), draw('movingVariance', learned.length + 1)] : undefined,
  }
}

function valuesOf(
  layers: readonly WeightedLayer[],
  of: (
    layer: WeightedLayer,
    index: number,
  ) => { readonly learned: readonly Tensor[]; readonly moments?: readonly Tensor[] | undefined },
): LayersValues {
  const weights: LayerWeights[] = []
  const state: RunningMoments[] = []
  layers.forEach((layer, i) => {
    const { learned, moments } = of(layer, i)
    if (learned.length > 0) weights.push(Object.fromEntries(layer.learned.map(({ name }, j) => [name, learned[j]!])))
    if (layer.moments) state.push({ mean: moments![0]!, variance: moments![1]! })
  })
  return { weights, state }
}

/** Images in the shape that the model takes, such as `[batch, 784]`. */
function inRows(images: Tensor4D, inputShape: readonly number[], name: string): Tensor {
  const [batch, ...image] = images.shape
  if (String(image) === String(inputShape)) return images
  if (inputShape.length === 3 || sizeOf(image) !== sizeOf(inputShape))
    throw new HabaError(name, `images [${inputShape}]`, `[${image}]`, 'Make the model with the sizes of the images.')
  return reshape(images, [batch, ...inputShape])
}

function run(
  calls: readonly Call[],
  weights: LayersWeights,
  images: Tensor,
  { kind, state }: Mode<LayersState>,
): NetworkOutput<LayersState> {
  const after = [...state]
  const values: Tensor[] = [images]
  const maps = new Set<Tensor4D>()
  let features: Tensor | undefined
  calls.forEach(({ operation, inputs, weights: of, moments }, i) => {
    const operands = inputs.map((index) => values[index]!)
    if (operation.endsMap && operands[0]!.rank === 4) maps.add(operands[0] as Tensor4D)
    const y = operation.apply(
      operands,
      weights[of] ?? none,
      moments < 0 ? undefined : { kind, before: after[moments]!, moved: (moved) => (after[moments] = moved) },
    )
    const isLast = i === calls.length - 1
    // The last activation is none, or the softmax that makes probabilities of logits.
    const output = isLast ? y : operation.activation.apply(y)
    if (operation.isDense && operands[0]!.rank === 2) features = operands[0]
    else if (output !== operands[0]) features = undefined
    values.push(output)
  })
  const logits = values.at(-1) as Tensor2D
  return { features: (features ?? logits) as Tensor2D, logits, maps: [...maps], state: after }
}
