import type { Scalar, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'
import {
  crossEntropy,
  fold,
  HabaError,
  mul,
  rowsOf,
  slotsOfClass,
  softplus,
  studentStep,
  sum,
  tensor,
  type Args,
  type Augmentation,
  type Batch,
  type Layout,
  type Network,
  type None,
  type RecurrenceObjective,
  type Rows,
  type Tree,
} from '@haba/core'
import { checkCount } from './check.js'
import { drawReal } from './draw-real.js'
import { randomWeights, type InitialWeights } from './initial-weights.js'

/** Options of `unrolledTraining`. */
export interface UnrolledTrainingOptions {
  readonly network: Network
  /** Steps of one pass over the set. @default 10 */
  readonly steps?: number
  /** Passes. @default 3 */
  readonly epochs?: number
  /** Images a class and step. @default 1 */
  readonly perClass?: number
  /** Each image of a step under a view of its own, in turn, instead of one view for the whole step. @default false, as published */
  readonly mixViews?: boolean
  /** Every step's size at the start; each is learned. @default 0.02, as published for MNIST (0.001 for CIFAR-10) */
  readonly rate?: number
  /** Where every training starts. @default randomWeights */
  readonly initial?: InitialWeights
  /** Real images that a trained network is judged by. @default 1024 */
  readonly realBatch?: number
  /** Acts on the real images, with a draw for each. */
  readonly augmentation?: Augmentation
}

type Params = { readonly rates: Tensor1D; readonly [name: string]: Tensor1D }
type Common = {
  readonly weights: Tree
  readonly state: Tree
  readonly images: Tensor4D
  readonly targets: Tensor2D
  readonly augment: Args
}
type Item = { readonly rows: Rows; readonly at: Tensor1D }
type Input = { readonly images: Tensor4D; readonly targets: Tensor2D; readonly at: Tensor1D }

/**
 * Dataset distillation (DD; Wang et al., 2018, algorithm 1): a network trained by the given steps of gradient descent on
 * the set, each with a learned size of its own, should classify real images. Step sizes are `softplus(rates)`, and the
 * finished set is a sequence: (images, labels, step size) again and again.
 *
 * @throws HabaError for counts below 1 or a rate that is not above 0
 */
export function unrolledTraining({
  network,
  steps = 10,
  epochs = 3,
  perClass = 1,
  mixViews = false,
  rate = 0.02,
  initial = randomWeights,
  realBatch = 1024,
  augmentation,
}: UnrolledTrainingOptions): RecurrenceObjective<Common, Item, Params, None, Tree, Input> {
  const who = 'unrolledTraining'
  Object.entries({ steps, epochs, perClass, realBatch }).forEach(([name, value]) => checkCount(who, name, value))
  if (!(rate > 0)) throw new HabaError(who, 'a rate above 0', `${rate}`, 'Mend it.')
  const total = steps * epochs
  const places = (layout: Layout) => stepsOver(layout, { steps, epochs, perClass, mixViews })
  return {
    kind: 'recurrence',
    name: 'unrolled training',
    init: () => ({
      params: { rates: tensor(new Float32Array(total).fill(Math.log(Math.expm1(rate))), [total]) as Tensor1D },
      state: {},
    }),
    async draw(key, { real, layout }) {
      const { images, targets } = await drawReal(fold(key, 'real'), real, realBatch)
      const { weights, state } = initial(network, fold(key, 'weights'))
      const augment = augmentation?.draw(fold(key, 'augment'), images.shape[0], real.image) ?? {}
      const items = places(layout).map(({ slots, views }, i) => {
        const at = new Float32Array(total)
        at[i] = 1
        return { rows: rowsOf(slots, views), at: tensor(at, [total]) as Tensor1D }
      })
      return { common: { weights, state, images, targets, augment }, items }
    },
    start: ({ weights }) => weights,
    input: (set, _, { rows, at }) => ({ ...set.render(rows), at }),
    step: ({ rates }, { state }, weights, { images, targets, at }) =>
      studentStep(network, weights, { images, targets } as Batch, sum(mul(softplus(rates), at)) as Scalar, state),
    finish(_, { images, targets, augment, state }, weights) {
      const seen = augmentation ? augmentation.apply(images, augment) : images
      return crossEntropy(network.apply(weights, seen, { kind: 'train', state }).logits, targets)
    },
    prescribe: ({ rates }, layout) => {
      const raw = rates.dataSync()
      const prescribed = places(layout).map((place, i) => ({ ...place, rate: Math.log1p(Math.exp(raw[i]!)) }))
      return { steps: prescribed, initial }
    },
  }
}

type Unrolled = Required<Pick<UnrolledTrainingOptions, 'steps' | 'epochs' | 'perClass' | 'mixViews'>>

/**
 * What each step trains on: `perClass` slots of every class, in order, until all slots were used, then the same under the
 * next view; over again if there are more steps than that. With mixed views, image i of a step is seen under the i-th next.
 */
function stepsOver(layout: Layout, { steps, epochs, perClass, mixViews }: Unrolled) {
  const classes = Array.from({ length: layout.classes }, (_, label) => slotsOfClass(layout, label))
  const chunks = Math.ceil(Math.max(...classes.map(({ length }) => length)) / perClass)
  if (chunks * layout.views > steps)
    throw new HabaError(
      'unrolledTraining',
      `at least ${chunks * layout.views} steps a pass, to see ${chunks} times ${perClass} images a class under ${layout.views} views`,
      `${steps}`,
      'Ask for more steps, or more images a class and step.',
    )
  return Array.from({ length: steps * epochs }, (_, i) => {
    const place = (i % steps) % (chunks * layout.views)
    const from = (place % chunks) * perClass
    const slots = Int32Array.from(classes.flatMap((own) => [...own.slice(from, from + perClass)]))
    const view = Math.floor(place / chunks)
    return { slots, views: slots.map((_, row) => (mixViews ? (view + row) % layout.views : view)) }
  })
}
