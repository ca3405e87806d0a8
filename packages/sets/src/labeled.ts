import {
  checkArguments,
  disposeTree,
  gather,
  keyFrom,
  oncePerEngine,
  rowsOf,
  softmax,
  tensor,
  type AnyParameterization,
  type Engine,
  type Layout,
  type Network,
  type Parameterization,
  type Rows,
  type Tree,
} from '@haba/core'
import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'

/** The parameters of `labeled`: those of the images, and `targets` `[slots, classes]`. */
export type LabeledParams = { readonly targets: Tensor2D; readonly [name: string]: Tree }

/** How stored numbers become targets, and back. */
export interface LabelStorage {
  readonly name: string
  /** `[rows, classes]`; rows of the result sum to 1. */
  targets(stored: Tensor2D): Tensor2D
  /** The stored values for these probabilities, `[slots · classes]`. */
  store(probabilities: Float32Array): Float32Array
}

/** Stores probabilities: update them with `projectSimplex`, or leave them fixed. */
export const asProbabilities: LabelStorage = {
  name: 'probabilities',
  targets: (stored) => stored,
  store: (probabilities) => probabilities,
}

/** Stores logits, whose softmax are the targets; they are unconstrained. A probability of 0 starts at 1e-4. */
export const asLogits: LabelStorage = {
  name: 'logits',
  targets: (stored) => softmax(stored),
  store: (probabilities) => probabilities.map((p) => Math.log(Math.max(p, 1e-4))),
}

/** An initial set without labels. */
export interface Unlabeled {
  readonly layout: Layout
  /** `[slots, height, width, channels]`, under the first view; the caller owns them. */
  images(engine: Engine): Promise<Tensor4D>
}

/** Makes initial targets: rows of probabilities, `[slots · classes]`. */
export type LabelStart = (set: Unlabeled) => Promise<Float32Array>

/** One-hot labels of every slot's class. */
export const hardLabels: LabelStart = async ({ layout: { slots, classes, labels } }) => {
  const targets = new Float32Array(slots * classes)
  labels.forEach((label, slot) => (targets[slot * classes + label] = 1))
  return targets
}

/** Uniform labels, `1 / classes` (label distillation). */
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
 * Predictions of a trained network for the images: `softmax(logits)` (TESLA's soft label assignment; Cui et al., ICML 2023).
 * They are assigned once at the start, then fixed or learned. The released code assigns them again in every iteration, with that
 * iteration's expert: use `expertLabels` of trajectory matching, and at the end `relabel` for the final set.
 */
export function predictedLabels(options: PredictedLabelsOptions): LabelStart {
  const { engine, network, weights } = checkArguments('predictedLabels', options, {
    engine: 'engine',
    network: 'network',
    weights: 'function',
  })
  const classify = engine.compile(`${network.name}/labels`, (w: Tree, state: Tree, x: Tensor4D) =>
    softmax(network.apply(w, x, { kind: 'evaluate', state }).logits),
  )
  return async (set) => {
    const { weights: fresh, state } = network.init(keyFrom(0))
    const [trained, images] = [await weights(), await set.images(engine)]
    const targets = await classify(trained, state, images)
    const values = (await targets.data<'float32'>()).slice()
    disposeTree(fresh, state, trained, images, targets)
    return values
  }
}

/** Options of `labeled`. */
export interface LabeledOptions {
  /** The set to label. */
  readonly of: AnyParameterization
  /** @default hardLabels */
  readonly start?: LabelStart
  /** @default asProbabilities */
  readonly stored?: LabelStorage
}

/** A set with its own soft labels. */
export interface LabeledSet extends Parameterization<LabeledParams> {
  /** The stored targets that `labels` makes for the current images; the caller owns them. */
  relabel(params: LabeledParams, labels: LabelStart): Promise<Tensor2D>
}

/**
 * Gives any set its own soft labels, one row per slot, stored and learned as its part `targets`. With `setToZero` for `targets`
 * labels are fixed; with `setToZero` for the images it is the set of label distillation.
 */
export function labeled(options: LabeledOptions): LabeledSet {
  const {
    of,
    start = hardLabels,
    stored = asProbabilities,
  } = checkArguments('labeled', options, { of: 'parameterization' })
  const { layout } = of
  const { slots, classes } = layout
  const all = () =>
    rowsOf(
      Int32Array.from({ length: slots }, (_, i) => i),
      0,
    )
  const renderOn = oncePerEngine((engine) => engine.compile('unlabeled', (x: Tree, at: Rows) => of.render(x, at)))
  const assign = async (inner: Tree, labels: LabelStart) => {
    const images = async (engine: Engine) => {
      const rows = all()
      const batch = await renderOn(engine)(inner, rows)
      disposeTree(rows, batch.targets)
      return batch.images
    }
    return tensor(stored.store(await labels({ layout, images })), [slots, classes])
  }
  return {
    name: `${of.name}, labels as ${stored.name}`,
    layout,
    ...(of.fit && { fit: of.fit }),
    ...(of.indexSets && { indexSets: of.indexSets }),
    ...(of.zeros && {
      zeros: () => ({
        ...(of.zeros!() as object),
        targets: tensor(new Float32Array(slots * classes), [slots, classes]),
      }),
    }),
    async init(key, seed, available) {
      const inner = (await of.init(key, seed, available)) as Readonly<Record<string, Tree>>
      return { ...inner, targets: await assign(inner, start) }
    },
    relabel: ({ targets: _, ...inner }, labels) => assign(inner, labels),
    render({ targets, ...inner }, rows) {
      const { images } = of.render(inner, rows)
      return { images, targets: stored.targets(gather(targets, rows.slots)) }
    },
  }
}
