import { keyFrom, type Plugin } from '@haba/core'
import { count, entry, flag, nameIn, positive, Type } from '@haba/core/options'
import { fixedWeights, randomWeights, xavierWeights } from './initial-weights.js'
import { labelDistillation } from './label-distillation.js'
import { ridge, secondOrder } from './label-step.js'
import { unrolledTraining } from './unrolled-training.js'

const initials = {
  random: () => randomWeights,
  xavier: () => xavierWeights,
  fixed: (seed: number) => fixedWeights(keyFrom(seed)),
} as const

/** Names for configuration files. */
export const plugin: Plugin = {
  objectives: {
    'unrolled-training': entry({
      summary: 'DD: a network trained on the set, step by prescribed step, classifies real images',
      options: Type.Object({
        steps: count('steps of one pass over the set', 10),
        epochs: count('passes', 3),
        perClass: count('images a class and step', 1),
        mixViews: flag('each image of a step under a view of its own (default: one for the whole step, as published)'),
        shuffle: flag(
          'each step takes random images of every class, not all in order; no sequence is then prescribed (RTP)',
        ),
        learningRate: positive("every step's size at the start", 0.02),
        learnRates: flag("each step's size is learned (DD), or fixed (RTP)", true),
        momentum: Type.Number({
          minimum: 0,
          exclusiveMaximum: 1,
          default: 0,
          description: 'of all steps; RTP: 0.9',
        }),
        initial: nameIn(initials, 'weights that every training starts from', 'random'),
        initialSeed: count('of fixed weights', 0, 0),
        realBatch: count('real images that a trained network is judged by', 1024),
        augmentSteps: flag('the augmentation changes the images of each step, too, not the real ones alone'),
      }),
      make: ({ initial, initialSeed, ...options }, { network, augmentation }) =>
        unrolledTraining({
          network,
          ...options,
          initial: initials[initial](initialSeed),
          ...(augmentation && { augmentation }),
        }),
    }),
    'label-distillation': entry({
      summary: 'LD: labels of given images, such that a network trained on them classifies real ones',
      options: Type.Object({
        by: Type.Enum(['second-order', 'ridge'], {
          default: 'second-order',
          description: 'how labels act: a gradient step on all weights, or ridge regression of the classifier',
        }),
        learningRate: positive('of the gradient step (second-order)', 0.01),
        lambda: positive('price of squared weights (ridge)', 1),
        keep: Type.Number({
          minimum: 0,
          exclusiveMaximum: 1,
          default: 0.99,
          description: 'how much of the classifier stays at each step (ridge)',
        }),
        networkRate: positive("of the network's own training by Adam", 1e-3),
        scaleRate: positive("of the classifier's scale, by Adam (ridge)", 0.01),
        batch: count('labeled images a step', 50),
        realBatch: count('real images that judge', 1024),
        window: count('steps after which a network that becomes no better is replaced', 50),
      }),
      make: ({ by, learningRate, lambda, keep, networkRate, scaleRate, ...options }, { network }) =>
        labelDistillation({
          network,
          by:
            by === 'ridge'
              ? ridge({ lambda, keep, networkRate, scaleRate })
              : secondOrder({ learningRate, networkRate }),
          ...options,
        }),
    }),
  },
}
