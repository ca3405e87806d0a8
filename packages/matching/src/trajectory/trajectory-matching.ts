import type { Scalar, Tensor2D } from '@tensorflow/tfjs-core'
import {
  checkCount,
  checkArguments,
  copyOf,
  disposeOnThrow,
  disposeTree,
  div,
  drawBatches,
  drawView,
  drawViews,
  foldIn,
  HabaError,
  innerProduct,
  integers,
  keyFrom,
  mapTree,
  rowsOf,
  scalar,
  softmax,
  stopGradient,
  student as studentOf,
  sub,
  tensorLeaves,
  type Args,
  type Augmentation,
  type Batch,
  type Network,
  type None,
  type RecurrenceObjective,
  type Rows,
  type Tree,
} from '@haba/core'
import type { Experts } from './experts.js'

/** Options of `trajectoryMatching`. */
export interface TrajectoryMatchingOptions {
  readonly network: Network
  /** Recorded trainings of the same network on the real data. */
  readonly experts: Experts
  /** Acts on the student's batches with a draw for each image. */
  readonly augmentation?: Augmentation
  /** Student steps (`syn_steps`). @default 20 */
  readonly steps?: number
  /** Expert epochs that the student's steps should equal. @default 3 */
  readonly expertEpochs?: number
  /** The student starts at an expert's epoch below this one. @default 25 */
  readonly maxStartEpoch?: number
  /** Synthetic images a student step. @default all of them */
  readonly batch?: number
  /** Draws a view for each image of a student step, instead of one for its whole batch. @default false, as published */
  readonly mixViews?: boolean
  /** The student's step size at the start; it is learned with the set, and never falls below 1e-6. @default 0.01 */
  readonly learningRate?: number
  /** Momentum of the student's SGD, `[0, 1)`; above 0 the velocity starts at rest and is differentiated too. @default 0, as published */
  readonly momentum?: number
  /** Labels that the student is trained with. @default ownLabels */
  readonly labels?: StudentLabels
}

/** A batch's targets `[batch, classes]`, before it is augmented. @param target the weights that the student should reach */
export type StudentLabels = (batch: Batch, network: Network, target: Tree) => Tensor2D

/** The set's own labels: one-hot (MTT), or the soft labels that it stores. */
export const ownLabels: StudentLabels = ({ targets }) => targets

/**
 * Assigned again in every iteration: predictions of the drawn expert for the current images, at the epoch that the
 * student should reach (TESLA as released, `--teacher_label`, which made its ImageNet-1K numbers). No gradient passes.
 */
export const expertLabels: StudentLabels = ({ images }, network, target) =>
  stopGradient(softmax(network.apply(target, images, { kind: 'evaluate', state: {} }).logits))

/** A step size is positive: at this one the student hardly moves, and the gradient can raise it again. */
const LEAST_RATE = 1e-6

type Params = { readonly rate: Scalar; readonly [name: string]: Scalar }
/** `state`: running moments, if the network has any; a student trains only, so they enter no result. */
type Common = { readonly start: Tree; readonly target: Tree; readonly state: Tree }
type Item = { readonly rows: Rows; readonly augment: Args }
/** `‖reached - target‖² / ‖start - target‖²` over all weights (Cazenavette et al., CVPR 2022, eq. 2). */
export function trajectoryDistance(reached: Tree, start: Tree, target: Tree): Scalar {
  const squared = (a: Tree, b: Tree) => {
    const difference = mapTree((x, y) => sub(x, y), a, b)
    return innerProduct(difference, difference)
  }
  return div(squared(reached, target), squared(start, target))
}

/**
 * Matching training trajectories (MTT; Cazenavette et al., CVPR 2022, algorithm 1): a student trained on the set for some
 * steps from an expert's epoch should end where the expert was some epochs later. The step size is learned. Each step uses
 * one view for its whole batch, unless `mixViews` is set.
 *
 * @throws HabaError for counts below 1, a momentum out of range, or experts with too few epochs
 */
export function trajectoryMatching(
  options: TrajectoryMatchingOptions,
): RecurrenceObjective<Common, Item, Params, None, Tree, Batch> {
  const {
    network,
    experts,
    augmentation,
    steps = 20,
    expertEpochs = 3,
    maxStartEpoch = 25,
    batch,
    mixViews = false,
    learningRate = 0.01,
    momentum = 0,
    labels = ownLabels,
  } = checkArguments('trajectoryMatching', options, {
    network: 'network',
    experts: 'experts',
    augmentation: 'augmentation?',
  })
  const who = 'trajectoryMatching'
  checkCount(who, 'steps', steps)
  checkCount(who, 'expertEpochs', expertEpochs)
  checkCount(who, 'maxStartEpoch', maxStartEpoch)
  const viewsOf = mixViews ? drawViews : drawView
  const needed = maxStartEpoch - 1 + expertEpochs
  if (experts.epochs < needed)
    throw new HabaError(
      who,
      `experts of at least ${needed} epochs (maxStartEpoch ${maxStartEpoch} - 1 + expertEpochs ${expertEpochs})`,
      `${experts.epochs}`,
      'Record longer experts or lower maxStartEpoch.',
    )
  const { weights: unused, state } = network.init(keyFrom(0))
  disposeTree(unused)
  if (labels === expertLabels && tensorLeaves(state).length > 0)
    throw new HabaError(
      who,
      'a network without running moments, for labels of experts',
      network.name,
      'Experts are recorded without these moments: use the labels "own", or another normalization.',
    )
  const student = studentOf(network, momentum)
  return {
    kind: 'recurrence',
    name: 'trajectory matching',
    hasVelocity: momentum > 0,
    init: () => ({ params: { rate: scalar(learningRate) }, state: {} }),
    least: { rate: LEAST_RATE },
    async draw(key, { layout }) {
      const expert = integers(foldIn(key, 'expert'), 1, experts.count)[0]!
      const epoch = integers(foldIn(key, 'epoch'), 1, maxStartEpoch)[0]!
      const [start, target] = await disposeOnThrow((own) =>
        Promise.all([epoch, epoch + expertEpochs].map(async (at) => own(await experts.read(expert, at)))),
      )
      const items = drawBatches(foldIn(key, 'rows'), layout, steps, batch).map((slots, i): Item => {
        const own = foldIn(foldIn(key, 'step'), i)
        return {
          rows: rowsOf(slots, viewsOf(foldIn(own, 'view'), layout, slots.length)),
          augment: augmentation?.draw(foldIn(own, 'augment'), slots.length, layout.image) ?? {},
        }
      })
      return { common: { start: start!, target: target!, state: copyOf(state) }, items }
    },
    start: ({ start }) => student.start(start),
    input(set, { target }, { rows, augment }) {
      const batch = set.render(rows)
      const images = augmentation ? augmentation.apply(batch.images, augment) : batch.images
      return { images, targets: labels(batch, network, target) }
    },
    step: (params, { state }, carry, input) => student.step(carry, input, params.rate, state),
    finish: (_, { start, target }, carry) => trajectoryDistance(student.weights(carry), start, target),
  }
}
