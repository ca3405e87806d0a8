import type { Scalar, Tensor, Tensor2D } from '@tensorflow/tfjs-core'
import {
  checkArguments,
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
  foldIn,
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
import type { Tensor3D } from '@tensorflow/tfjs-core'
import { supervisedContrastive, type ContrastiveLoss } from './contrastive.js'

/** Weights of the game's terms, each at least 0. */
export interface GameWeights {
  /**
   * Set loss: cosine similarity of the critic's features of two views (released code: `lambda_club`; paper: λ_cos). @default 0.1
   */
  readonly cosine?: number
  /** Critic loss: cross-entropy (released code: `lambda_cls`; paper: λ_task). @default 1 */
  readonly task?: number
  /** Critic loss: cosine dissimilarity of the views of a basis (released code: `lambda_likeli`; not in the paper). @default 0.1 */
  readonly likelihood?: number
  /** Critic loss: contrastive (released code: `lambda_contrast`; paper: λ_con). @default 0.1 */
  readonly contrastive?: number
}

/** Options of `adversarialContrast`. */
export interface AdversarialContrastOptions {
  /** The critic's network (F in the paper, `sim_content_net` in the released code). */
  readonly network: Network
  /** Defaults are those of the four released run scripts. */
  readonly weights?: GameWeights
  /**
   * Multiplies the set loss by the objective's loss of the step, so that `cosine` is a share of that loss. Losses differ by
   * orders of magnitude: relative to DM's sum over features, the published 0.1 is about a thousandth. @default false
   */
  readonly relative?: boolean
  /** @default supervisedContrastive(), as released; the paper's is instanceContrastive() */
  readonly contrast?: ContrastiveLoss
  /** Applied to both views, with a separate draw for each image. */
  readonly augmentation?: Augmentation
  /** @default SGD with learning rate 0.001 and momentum 0.9 */
  readonly optimizer?: Optimizer
  /** Bases per update. @default all */
  readonly batch?: number
}

type Move = {
  readonly first: Rows
  readonly second: Rows
  readonly augment: Args
  /** The critic's running moments, if it has any. They never change: a critic is only trained, and training does not use them. */
  readonly state: Tree
}

/** Two augmented views of the same bases, stacked. */
interface Pair {
  readonly features: readonly [Tensor2D, Tensor2D]
  readonly logits: Tensor2D
  readonly targets: Tensor2D
}

/** `mean((cos + 1) / 2)` of corresponding rows: the set minimizes it. */
export const similarity = (a: Tensor2D, b: Tensor2D): Scalar => mul(mean(add(cosineSimilarity(a, b), 1)), 0.5)

/** `mean((1 - cos) / 2)` of corresponding rows: the critic minimizes it. */
export const dissimilarity = (a: Tensor2D, b: Tensor2D): Scalar => mul(mean(sub(1, cosineSimilarity(a, b))), 0.5)

/** Rows scaled to length 1; lengths below 1e-12 count as 1e-12. */
const unit = (x: Tensor2D): Tensor => div(x, sqrt(maximum(sum(square(x), 1, true), 1e-24)))

/**
 * HaBa's adversarial contrastive game (Liu et al., NeurIPS 2022, §3.3, eqs. 3-6). The critic learns what two hallucinated
 * views of a basis have in common; the set learns to make the views differ. Each update uses two distinct views of the same
 * bases.
 *
 * @throws HabaError for negative weights; `init` throws for layouts with a single view
 */
export function adversarialContrast(options: AdversarialContrastOptions): Game<Move, Tree> {
  const {
    network,
    weights: { cosine = 0.1, task = 1, likelihood = 0.1, contrastive = 0.1 } = {},
    relative = false,
    contrast = supervisedContrastive(),
    augmentation,
    optimizer = sgd({ learningRate: 0.001, momentum: 0.9 }),
    batch,
  } = checkArguments('adversarialContrast', options, {
    network: 'network',
    augmentation: 'augmentation?',
    optimizer: 'optimizer?',
  })
  const who = 'adversarialContrast'
  for (const [name, value] of Object.entries({ cosine, task, likelihood, contrastive }))
    if (!(value >= 0)) throw new HabaError(who, `a weight "${name}" of at least 0`, `${value}`, '')

  const { weights: unused, state } = network.init(keyFrom(0))
  disposeTree(unused)

  const look = (move: Move, set: Synthetic, critic: Tree): Pair => {
    const [a, b] = [set.render(move.first), set.render(move.second)]
    const both = concat([a.images, b.images], 0) // [2·batch, height, width, channels]
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
      const [slots] = drawBatches(foldIn(key, 'rows'), layout, 1, batch)
      const [first, second] = drawPair(foldIn(key, 'views'), layout)
      return {
        first: rowsOf(slots!, first),
        second: rowsOf(slots!, second),
        augment: augmentation?.draw(foldIn(key, 'augment'), 2 * slots!.length, layout.image) ?? {},
        state: copyOf(state),
      }
    },
    penalty(move, set, critic) {
      const [a, b] = look(move, set, critic).features
      return mul(similarity(a, b), cosine)
    },
    critique(move, set, critic) {
      const { features, logits, targets } = look(move, set, critic)
      const [a, b] = features
      const labels = gather(constant(set.layout.labels, [set.layout.slots]), move.first.slots)
      const pairs = stack([unit(a), unit(b)], 1) as Tensor3D // [batch, 2, features]
      return [
        mul(crossEntropy(logits, targets), task),
        mul(dissimilarity(a, b), likelihood),
        mul(contrast(pairs, labels), contrastive),
      ].reduce((total, term) => add(total, term))
    },
  }
}
