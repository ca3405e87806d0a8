import {
  disposeTree,
  gather,
  keyFrom,
  rowsOf,
  softmax,
  tensor,
  type AnyParameterization,
  type Batch,
  type Engine,
  type Layout,
  type Network,
  type Parameterization,
  type Rows,
  type Tree,
} from '@haba/core'
import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'

/** What `labelled` stores: what the images are made of, and `targets` `[slots, classes]`. */
export type LabelledParams = { readonly targets: Tensor2D; readonly [name: string]: Tree }

/** How stored numbers become targets, and back. */
export interface LabelStorage {
  readonly name: string
  /** `[rows, classes]`; rows of the result sum to 1. */
  targets(stored: Tensor2D): Tensor2D
  /** What is stored for these probabilities, `[slots · classes]`. */
  store(probabilities: Float32Array): Float32Array
}

/** Probabilities as they are: move them with `onSimplex`, or not at all. */
export const asProbabilities: LabelStorage = {
  name: 'probabilities',
  targets: (stored) => stored,
  store: (probabilities) => probabilities,
}

/** Numbers whose softmax are the targets: they may move anywhere. A probability of 0 starts at 1e-4. */
export const asLogits: LabelStorage = {
  name: 'logits',
  targets: (stored) => softmax(stored),
  store: (probabilities) => probabilities.map((p) => Math.log(Math.max(p, 1e-4))),
}

/** A set as it starts, for whoever gives it labels. */
export interface Unlabelled {
  readonly layout: Layout
  /** `[slots, height, width, channels]`, under the first view; the caller owns them. */
  images(engine: Engine): Promise<Tensor4D>
}

/** Where targets start: rows of probabilities, `[slots · classes]`. */
export type LabelStart = (set: Unlabelled) => Promise<Float32Array>

/** Starts at every slot's class with certainty. */
export const hardLabels: LabelStart = async ({ layout: { slots, classes, labels } }) => {
  const targets = new Float32Array(slots * classes)
  labels.forEach((label, slot) => (targets[slot * classes + label] = 1))
  return targets
}

/** Starts at no opinion: `1 / classes` everywhere (label distillation). */
export const uniformLabels: LabelStart = async ({ layout: { slots, classes } }) =>
  new Float32Array(slots * classes).fill(1 / classes)

/** Options of `predictedLabels`. */
export interface PredictedLabelsOptions {
  readonly engine: Engine
  readonly network: Network
  /** Trained weights, such as an expert's at its last epoch; disposed after use. */
  readonly weights: () => Promise<Tree>
}

/**
 * What a trained network makes of the images: `softmax(logits)` (the soft label assignment of TESLA; Cui et al., ICML
 * 2023). As a start it is assigned once, and then stays or is learned. The released code labels anew in every iteration,
 * by that iteration's expert: `expertLabels` of trajectory matching, and at the end `relabel` for the set that is kept.
 */
export const predictedLabels =
  ({ engine, network, weights }: PredictedLabelsOptions): LabelStart =>
  async (set) => {
    const classify = engine.compile(`${network.name}/labels`, (w: Tree, state: Tree, x: Tensor4D) =>
      softmax(network.apply(w, x, { kind: 'evaluate', state }).logits),
    )
    const { weights: fresh, state } = network.init(keyFrom(0))
    const [trained, images] = [await weights(), await set.images(engine)]
    const targets = await classify(trained, state, images)
    const values = ((await targets.data()) as Float32Array).slice()
    disposeTree(fresh, state, trained, images, targets)
    return values
  }

/** Options of `labelled`. */
export interface LabelledOptions {
  /** Any other set. */
  readonly of: AnyParameterization
  /** @default hardLabels */
  readonly start?: LabelStart
  /** @default asProbabilities */
  readonly stored?: LabelStorage
}

/** A set with soft labels of its own. */
export interface LabelledSet extends Parameterization<LabelledParams> {
  /** The targets, as they are stored, that `labels` gives to the images as they are now; the caller owns them. */
  relabel(params: LabelledParams, labels: LabelStart): Promise<Tensor2D>
}

/**
 * Any set with soft labels of its own, one row a slot, stored and learned as its part `targets`: with an optimiser that
 * leaves it alone they are fixed; with one that leaves the images alone, it is label distillation's set.
 */
export function labelled({ of, start = hardLabels, stored = asProbabilities }: LabelledOptions): LabelledSet {
  const { layout } = of
  const { slots, classes } = layout
  const all = () =>
    rowsOf(
      Int32Array.from({ length: slots }, (_, i) => i),
      0,
    )
  const assign = async (inner: Tree, labels: LabelStart) => {
    const images = async (engine: Engine) => {
      const rows = all()
      const batch = await engine.compile('unlabelled', (x: Tree, at: Rows) => of.render(x, at) as Batch)(inner, rows)
      disposeTree(rows, batch.targets)
      return batch.images
    }
    return tensor(stored.store(await labels({ layout, images })), [slots, classes]) as Tensor2D
  }
  return {
    name: `${of.name}, labels as ${stored.name}`,
    layout,
    ...(of.fit && { fit: of.fit }),
    ...(of.indexSets && { indexSets: of.indexSets }),
    ...(of.zeros && {
      zeros: () =>
        ({
          ...(of.zeros!() as object),
          targets: tensor(new Float32Array(slots * classes), [slots, classes]),
        }) as LabelledParams,
    }),
    async init(key, seed, available) {
      const inner = (await of.init(key, seed, available)) as Readonly<Record<string, Tree>>
      return { ...inner, targets: await assign(inner, start) }
    },
    relabel: ({ targets: _, ...inner }, labels) => assign(inner, labels),
    render({ targets, ...inner }, rows) {
      const { images } = of.render(inner, rows) as Batch
      return { images, targets: stored.targets(gather(targets, rows.slots) as Tensor2D) }
    },
    storage({ targets, ...inner }) {
      const { parts, floats, bytes } = of.storage(inner)
      return {
        parts: [...parts, { name: 'targets', floats: targets.size, bytes: 4 * targets.size }],
        floats: floats + targets.size,
        bytes: bytes + 4 * targets.size,
      }
    },
  }
}
