import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'
import {
  checkCount,
  checkArguments,
  applyUpdates,
  partition,
  copyOf,
  crossEntropy,
  disposeOnThrow,
  disposeTree,
  drawSome,
  drawViews,
  foldIn,
  oncePerEngine,
  rowsOf,
  valueAndGrad,
  type AdvanceContext,
  type Batch,
  type Key,
  type Layout,
  type Network,
  type None,
  type Optimizer,
  type RecurrenceObjective,
  type Rows,
  type Tree,
} from '@haba/core'
import { drawReal } from './draw-real.js'
import { secondOrder, type Learner, type LabelStep } from './label-step.js'
import { freshPatience, wait, type Patience } from './patience.js'

/** Options of `labelDistillation`. */
export interface LabelDistillationOptions {
  readonly network: Network
  /** @default secondOrder() */
  readonly by?: LabelStep
  /** Labeled images per step. @default 50 */
  readonly batch?: number
  /** Real images in the loss. @default 1024 */
  readonly realBatch?: number
  /** Steps without improvement after which the learner is replaced. @default 50, as published for 100 images */
  readonly window?: number
}

type Common = { readonly learner: Learner; readonly images: Tensor4D; readonly targets: Tensor2D }
type State = {
  readonly learner: Learner
  readonly optimizer: Tree
  readonly patience: Patience
  /** Steps until the best error of each replaced learner. */
  readonly lengths: readonly number[]
  /** The key of this step's draw, which the updates of labels and learner share. */
  readonly key: { readonly hi: number; readonly lo: number }
}

/**
 * Label distillation (LD; Bohdal et al., 2020, algorithm 1): images are fixed, and their labels are learned so that a network
 * trained on them classifies real images. The set's optimizer should be `setToZero` for images and `projectSimplex(adam(…))`
 * for labels. `advance` trains the network with a step of Adam on the new labels, and replaces it when its errors on real images
 * stop falling.
 *
 * @throws HabaError for counts below 1
 */
export function labelDistillation(
  options: LabelDistillationOptions,
): RecurrenceObjective<Common, Rows, None, State, Tree, Batch> {
  const {
    network,
    by = secondOrder(),
    batch = 50,
    realBatch = 1024,
    window = 50,
  } = checkArguments('labelDistillation', options, { network: 'network' })
  Object.entries({ batch, realBatch, window }).forEach(([n, value]) => checkCount('labelDistillation', n, value))
  const optimizer: Optimizer = partition(by.optimizers)
  const fresh = (key: Key): Learner => {
    const { weights, state } = network.init(key)
    const { trained, carried } = by.fresh()
    return { trained: { ...trained, weights }, carried, state }
  }
  const rows = (key: Key, layout: Layout): Rows => {
    const all = Int32Array.from({ length: layout.slots }, (_, i) => i)
    const slots = drawSome(foldIn(key, 'rows'), all, batch)
    return rowsOf(slots, drawViews(foldIn(key, 'view'), layout, slots.length))
  }
  const compiled = oncePerEngine((engine) => ({
    begin: engine.compile(`${network.name}/begin learning`, (trained: Tree) => optimizer.init(trained)),
    practice: engine.compile(
      `${network.name}/practice`,
      (learner: Learner, before: Tree, labeled: Batch, images: Tensor4D) => {
        const carry = by.step(network, learner, by.start(learner), labeled)
        const { grad } = valueAndGrad((trained) => {
          const logits = by.practiced(network, { ...learner, trained }, carry, labeled.images)
          return crossEntropy(logits, labeled.targets)
        }, learner.trained)
        const { updates, state } = optimizer.update(grad, before, learner.trained)
        const trained = applyUpdates(learner.trained, updates)
        return {
          learner: { ...learner, trained, carried: by.carried(carry) },
          optimizer: state,
          logits: by.judged(network, learner, carry, images),
        }
      },
    ),
  }))
  return {
    kind: 'recurrence',
    name: `label distillation, ${by.name}`,
    init: (key) => ({
      params: {},
      state: {
        learner: fresh(foldIn(key, 'learner')),
        optimizer: {},
        patience: freshPatience,
        lengths: [],
        key: foldIn(key, 'draw'),
      },
    }),
    async draw(_, { real, layout, state }) {
      const { images, targets } = await drawReal(foldIn(state.key, 'real'), real, realBatch)
      return { common: { learner: copyOf(state.learner), images, targets }, items: [rows(state.key, layout)] }
    },
    start: ({ learner }) => by.start(learner),
    input: (set, _, at) => set.render(at),
    step: (_, { learner }, carry, labeled) => by.step(network, learner, carry, labeled),
    finish: (_, { learner, images, targets }, carry) =>
      crossEntropy(by.judged(network, learner, carry, images), targets),
    async advance(key, { engine, real, layout, render, state }: AdvanceContext<State>) {
      const { begin, practice } = compiled(engine)
      const { learner, patience, lengths } = state
      const { done, error } = await disposeOnThrow(async (own) => {
        const before = own(patience.steps === 0 ? await begin(learner.trained) : state.optimizer)
        const at = own(rows(state.key, layout))
        const labeled = own(await render(at))
        const judges = own(await drawReal(foldIn(state.key, 'real'), real, realBatch))
        const done = own(await practice(learner, before, labeled, judges.images))
        const error = await errorOf(done.logits, judges.targets)
        disposeTree(at, labeled, judges, done.logits, before, learner)
        return { done, error }
      })
      const next = { lengths, key: foldIn(key, 'draw') }
      const waited = wait(patience, error, window)
      if (waited) return { ...next, learner: done.learner, optimizer: done.optimizer, patience: waited }
      disposeTree(done.learner, done.optimizer)
      const improved = patience.steps + 1 - patience.sinceLowest - 1
      const replaced = { learner: fresh(foldIn(key, 'learner')), optimizer: {}, patience: freshPatience }
      return { ...next, ...replaced, lengths: [...lengths, improved] }
    },
  }
}

/** The error rate: the fraction of rows whose largest logit is not at the target. */
async function errorOf(logits: Tensor2D, targets: Tensor2D): Promise<number> {
  const [count, classes] = logits.shape
  const [scores, truth] = [await logits.data<'float32'>(), await targets.data<'float32'>()]
  const top = (values: Float32Array, row: number) => {
    const own = values.subarray(row * classes, (row + 1) * classes)
    return own.indexOf(Math.max(...own))
  }
  let wrong = 0
  for (let row = 0; row < count; row++) if (top(scores, row) !== top(truth, row)) wrong++
  return wrong / count
}
