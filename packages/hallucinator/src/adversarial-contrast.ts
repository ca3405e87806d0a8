import type { Scalar, Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'
import {
  add,
  concat,
  constant,
  copyOf,
  cosineSimilarity,
  crossEntropy,
  disposeTree,
  div,
  drawBatches,
  drawPair,
  fold,
  gather,
  HabaError,
  keyFrom,
  maximum,
  mean,
  mul,
  rowsOf,
  sgd,
  slice,
  sqrt,
  square,
  stack,
  sub,
  sum,
  type Args,
  type Augmentation,
  type Game,
  type Network,
  type Optimizer,
  type Rows,
  type Synthetic,
  type Tree,
} from '@haba/core'
import type { Tensor1D, Tensor3D } from '@tensorflow/tfjs-core'
import { supervisedContrastive, type ContrastiveLoss } from './contrastive.js'

/** Weights of the game's terms, each at least 0. */
export interface GameWeights {
  /** What the set pays for views that look alike to the critic (`lambda_club`, the paper's λ_cos). @default 0.1 */
  readonly apart?: number
  /** Cross-entropy of the critic (`lambda_cls`, λ_task). @default 1 */
  readonly classify?: number
  /** Pulls a basis's views together in the critic (`lambda_likeli`; not in the paper). @default 0.1 */
  readonly together?: number
  /** Contrastive loss of the critic (`lambda_contrast`, λ_con). @default 0.1 */
  readonly contrast?: number
}

/** Options of `adversarialContrast`. */
export interface AdversarialContrastOptions {
  /** The critic: features and logits of images (F, `sim_content_net`). Without running statistics. */
  readonly network: Network
  /** Defaults are those of the four released run scripts. */
  readonly weights?: GameWeights
  /**
   * Multiplies what the set pays by the objective's loss of the step, so that `apart` is a share of that loss. Losses differ
   * by orders of magnitude: beside DM's sum over features, the published 0.1 is about a thousandth. @default false
   */
  readonly relative?: boolean
  /** @default supervisedContrastive(), as released; the paper's is instanceContrastive() */
  readonly contrast?: ContrastiveLoss
  /** Acts on both views with a draw for each image. */
  readonly augmentation?: Augmentation
  /** @default SGD with rate 0.001 and momentum 0.9 */
  readonly optimizer?: Optimizer
  /** Bases in a move. @default all */
  readonly batch?: number
}

type Move = {
  readonly first: Rows
  readonly second: Rows
  readonly augment: Args
  /** The critic's running moments, if it has any: a critic trains only, so they enter no result and stay as they were. */
  readonly state: Tree
}

/** Two views of the same bases, stacked as they were augmented. */
interface Pair {
  readonly features: readonly [Tensor2D, Tensor2D]
  readonly logits: Tensor2D
  readonly targets: Tensor2D
}

/** `mean((cos + 1) / 2)` of corresponding rows: what the set lowers. */
export const similarity = (a: Tensor2D, b: Tensor2D): Scalar => mul(mean(add(cosineSimilarity(a, b), 1)), 0.5) as Scalar

/** `mean((1 - cos) / 2)` of corresponding rows: what the critic lowers. */
export const dissimilarity = (a: Tensor2D, b: Tensor2D): Scalar =>
  mul(mean(sub(1, cosineSimilarity(a, b))), 0.5) as Scalar

/** Rows scaled to length 1; shorter ones than 1e-12 count as that long. */
const unit = (x: Tensor2D): Tensor => div(x, sqrt(maximum(sum(square(x), 1, true), 1e-24)))

/**
 * HaBa's adversarial contrastive game (Liu et al., NeurIPS 2022, §3.3, eqs. 3-6): a critic learns to see what two
 * hallucinated views of a basis share; the set learns to make them differ. A move is two distinct views of the same bases.
 *
 * @throws HabaError for negative weights; `init` refuses layouts of a single view
 */
export function adversarialContrast({
  network,
  weights: { apart = 0.1, classify = 1, together = 0.1, contrast: contrastWeight = 0.1 } = {},
  relative = false,
  contrast = supervisedContrastive(),
  augmentation,
  optimizer = sgd({ rate: 0.001, momentum: 0.9 }),
  batch,
}: AdversarialContrastOptions): Game<Move, Tree> {
  const who = 'adversarialContrast'
  for (const [name, value] of Object.entries({ apart, classify, together, contrast: contrastWeight }))
    if (!(value >= 0)) throw new HabaError(who, `a weight "${name}" of at least 0`, `${value}`, 'Mend the option.')

  const { weights: unused, state } = network.init(keyFrom(0))
  disposeTree(unused)

  const look = (move: Move, set: Synthetic, critic: Tree): Pair => {
    const [a, b] = [set.render(move.first), set.render(move.second)]
    const both = concat([a.images, b.images], 0) as Tensor4D // [2·batch, height, width, channels]
    const seen = augmentation ? augmentation.apply(both, move.augment) : both
    const { features, logits } = network.apply(critic, seen, { kind: 'train', state: move.state })
    const [rows, length] = [a.images.shape[0], features.shape[1]]
    return {
      features: [slice(features, [0, 0], [rows, length]), slice(features, [rows, 0], [rows, length])],
      logits,
      targets: concat([a.targets, b.targets], 0),
    }
  }

  return {
    name: who,
    optimizer,
    relative,
    init(key, layout) {
      if (layout.views < 2)
        throw new HabaError(
          who,
          'a set with at least 2 views',
          `${layout.views}`,
          'Use more hallucinators, or leave the game out.',
        )
      const { weights, state: moments } = network.init(key)
      disposeTree(moments)
      return weights
    },
    draw(key, layout) {
      const [slots] = drawBatches(fold(key, 'rows'), layout, 1, batch)
      const [first, second] = drawPair(fold(key, 'views'), layout)
      return {
        first: rowsOf(slots!, first),
        second: rowsOf(slots!, second),
        augment: augmentation?.draw(fold(key, 'augment'), 2 * slots!.length, layout.image) ?? {},
        state: copyOf(state),
      }
    },
    penalty(move, set, critic) {
      const [a, b] = look(move, set, critic).features
      return mul(similarity(a, b), apart) as Scalar
    },
    critique(move, set, critic) {
      const { features, logits, targets } = look(move, set, critic)
      const [a, b] = features
      const labels = gather(constant(set.layout.labels, [set.layout.slots]), move.first.slots) as Tensor1D
      const pairs = stack([unit(a), unit(b)], 1) as Tensor3D // [batch, 2, features]
      return [
        mul(crossEntropy(logits, targets), classify),
        mul(dissimilarity(a, b), together),
        mul(contrast(pairs, labels), contrastWeight),
      ].reduce((total, term) => add(total, term)) as Scalar
    },
  }
}
