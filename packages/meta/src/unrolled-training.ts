import type { Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'
import {
  oneHotRows,
  checkCount,
  checkArguments,
  crossEntropy,
  drawSome,
  drawViews,
  fill,
  foldIn,
  HabaError,
  mul,
  rowsOf,
  slotsOfClass,
  softplus,
  student as studentOf,
  sum,
  tensor,
  type Args,
  type Augmentation,
  type Key,
  type Layout,
  type Network,
  type None,
  type Prescribes,
  type Prescription,
  type RecurrenceObjective,
  type Rows,
  type Tree,
} from '@haba/core'
import { drawReal } from './draw-real.js'
import { randomWeights, type InitialWeights } from './initial-weights.js'

/** Options of `unrolledTraining`. */
export interface UnrolledTrainingOptions {
  readonly network: Network
  /** Steps per pass over the set. @default 10 */
  readonly steps?: number
  /** Passes. @default 3 */
  readonly epochs?: number
  /** Images per class and step. @default 1 */
  readonly perClass?: number
  /** Whether each image of a step has its own view, in turn or with `shuffle` at random, instead of one view per step. @default false, as published */
  readonly mixViews?: boolean
  /** Whether each step takes random images of every class under random views, instead of all in order (RTP). @default false */
  readonly shuffle?: boolean
  /** Initial size of every step. @default 0.02, as published for MNIST (0.001 for CIFAR-10) */
  readonly learningRate?: number
  /** Whether step sizes are learned with the set. @default true; RTP's are fixed */
  readonly learnRates?: boolean
  /** Momentum of the steps' SGD, `[0, 1)`; the velocity starts at 0. @default 0, as in DD; RTP has 0.9 */
  readonly momentum?: number
  /** Initial weights of every training. @default randomWeights */
  readonly initial?: InitialWeights
  /** Real images in the loss. @default 1024 */
  readonly realBatch?: number
  /** Applied to the real images, with a separate draw for each. */
  readonly augmentation?: Augmentation
  /** Whether the augmentation is also applied to the images of each step, with a separate draw for each. @default false */
  readonly augmentSteps?: boolean
}

type Params = { readonly rates: Tensor1D } | None
type Common = {
  readonly weights: Tree
  readonly state: Tree
  readonly images: Tensor4D
  readonly targets: Tensor2D
  readonly augment: Args
}
/** `at` is one-hot over steps: it selects this step's learned size. */
type Item = { readonly rows: Rows; readonly at: Tree; readonly augment?: Args }
type UnrolledTraining = RecurrenceObjective<Common, Item, Params, None, Tree, Input>
type Input = { readonly images: Tensor4D; readonly targets: Tensor2D; readonly at: Tree }

/**
 * Dataset distillation (DD; Wang et al., 2018, algorithm 1): a network trained by these steps of gradient descent on the set,
 * each with its own learned size, should classify real images. Step sizes are `softplus(rates)`. The finished set is a sequence
 * of (images, labels, step size).
 *
 * RTP (Deng and Russakovsky, NeurIPS 2022, algorithm 1) is `momentum: 0.9`, `learnRates: false`, `shuffle: true`, one pass
 * of 150 steps: its set suits any training, so no sequence is prescribed. Its released code draws one augmentation for a whole
 * training, shared by real and stored images; here every step draws its own.
 *
 * @throws HabaError for counts below 1, a learning rate that is not above 0, or a momentum out of range
 */
export function unrolledTraining(
  options: UnrolledTrainingOptions & { readonly shuffle?: false },
): UnrolledTraining & Prescribes<Params>
export function unrolledTraining(options: UnrolledTrainingOptions): UnrolledTraining
export function unrolledTraining(options: UnrolledTrainingOptions): UnrolledTraining {
  const {
    network,
    steps = 10,
    epochs = 3,
    perClass = 1,
    mixViews = false,
    shuffle = false,
    learningRate = 0.02,
    learnRates = true,
    momentum = 0,
    initial = randomWeights,
    realBatch = 1024,
    augmentation,
    augmentSteps = false,
  } = checkArguments('unrolledTraining', options, { network: 'network', augmentation: 'augmentation?' })
  const who = 'unrolledTraining'
  Object.entries({ steps, epochs, perClass, realBatch }).forEach(([name, value]) => checkCount(who, name, value))
  if (!(learningRate > 0)) throw new HabaError(who, 'a learningRate above 0', `${learningRate}`, '')
  const student = studentOf(network, momentum)
  const total = steps * epochs
  const places = (layout: Layout) => stepsOver(layout, { steps, epochs, perClass, mixViews })
  const drawn = (key: Key, layout: Layout) =>
    Array.from({ length: total }, (_, i) => randomStep(foldIn(key, i), layout, { perClass, mixViews }))
  const rates = (): Params =>
    learnRates ? { rates: tensor(new Float32Array(total).fill(Math.log(Math.expm1(learningRate))), [total]) } : {}
  const ofSteps = augmentSteps ? augmentation : undefined
  return {
    kind: 'recurrence',
    name: 'unrolled training',
    hasVelocity: momentum > 0,
    init: () => ({ params: rates(), state: {} }),
    async draw(key, { real, layout }) {
      // First, because it may refuse the layout.
      const steps = shuffle ? drawn(foldIn(key, 'steps'), layout) : places(layout)
      const { images, targets } = await drawReal(foldIn(key, 'real'), real, realBatch)
      const { weights, state } = initial(network, foldIn(key, 'weights'))
      const augment = augmentation?.draw(foldIn(key, 'augment'), images.shape[0], real.image) ?? {}
      const items = steps.map(({ slots, views }, i): Item => ({
        rows: rowsOf(slots, views),
        at: learnRates ? tensor(oneHotRows([i], total), [total]) : {},
        ...(ofSteps && { augment: ofSteps.draw(foldIn(foldIn(key, 'augment step'), i), slots.length, layout.image) }),
      }))
      return { common: { weights, state, images, targets, augment }, items }
    },
    start: ({ weights }) => student.start(weights),
    input(set, _, { rows, at, augment = {} }) {
      const { images, targets } = set.render(rows)
      return { images: ofSteps ? ofSteps.apply(images, augment) : images, targets, at }
    },
    step(params, { state }, carry, { images, targets, at }) {
      const size = 'rates' in params ? sum(mul(softplus(params.rates), at as Tensor1D)) : fill([], learningRate)
      return student.step(carry, { images, targets }, size, state)
    },
    finish(_, { images, targets, augment, state }, carry) {
      const seen = augmentation ? augmentation.apply(images, augment) : images
      return crossEntropy(network.apply(student.weights(carry), seen, { kind: 'train', state }).logits, targets)
    },
    ...(!shuffle && {
      prescribe: (params: Params, layout: Layout): Prescription => {
        const raw = 'rates' in params ? params.rates.dataSync() : undefined
        const rateOf = (i: number) => (raw ? Math.log1p(Math.exp(raw[i]!)) : learningRate)
        const prescribed = places(layout).map((place, i) => ({ ...place, learningRate: rateOf(i) }))
        return { steps: prescribed, momentum, initial }
      },
    }),
  }
}

/** `perClass` random slots of every class, or all of a smaller one, under one random view, or one for each slot. */
function randomStep(key: Key, layout: Layout, { perClass, mixViews }: Pick<Unrolled, 'perClass' | 'mixViews'>) {
  const ofClass = (_: unknown, label: number) => [
    ...drawSome(foldIn(foldIn(key, 'slots'), label), slotsOfClass(layout, label), perClass),
  ]
  const slots = Int32Array.from(Array.from({ length: layout.classes }, ofClass).flat())
  const views = drawViews(foldIn(key, 'view'), layout, mixViews ? slots.length : 1)
  return { slots, views: mixViews ? views : slots.map(() => views[0]!) }
}

type Unrolled = Required<Pick<UnrolledTrainingOptions, 'steps' | 'epochs' | 'perClass' | 'mixViews'>>

/**
 * Slots of each step: `perClass` of every class, in order, until all slots were used, then the same under the next view, and so
 * on in cycles. With mixed views, image i of a step is shown under the i-th next view.
 */
function stepsOver(layout: Layout, { steps, epochs, perClass, mixViews }: Unrolled) {
  const classes = Array.from({ length: layout.classes }, (_, label) => slotsOfClass(layout, label))
  const chunks = Math.ceil(Math.max(...classes.map(({ length }) => length)) / perClass)
  if (chunks * layout.views > steps)
    throw new HabaError(
      'unrolledTraining',
      `at least ${chunks * layout.views} steps per pass, for ${chunks} times ${perClass} images per class under ${layout.views} views`,
      `${steps}`,
      'Use more steps, or more images per class and step.',
    )
  return Array.from({ length: steps * epochs }, (_, i) => {
    const place = (i % steps) % (chunks * layout.views)
    const from = (place % chunks) * perClass
    const slots = Int32Array.from(classes.flatMap((own) => [...own.slice(from, from + perClass)]))
    const view = Math.floor(place / chunks)
    return { slots, views: slots.map((_, row) => (mixViews ? (view + row) % layout.views : view)) }
  })
}
