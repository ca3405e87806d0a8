import { keyFrom, type Plugin } from '@haba/core'
import { fixedWeights, randomWeights, xavierWeights } from './initial-weights.js'
import { labelDistillation } from './label-distillation.js'
import { ridge, secondOrder } from './label-step.js'
import { unrolledTraining } from './unrolled-training.js'

const count = (description: string, byDefault: number) => ({
  type: 'integer',
  minimum: 1,
  default: byDefault,
  description,
})
const positive = (description: string, byDefault: number) => ({
  type: 'number',
  exclusiveMinimum: 0,
  default: byDefault,
  description,
})
const initials = {
  random: () => randomWeights,
  xavier: () => xavierWeights,
  fixed: (seed: number) => fixedWeights(keyFrom(seed)),
} as const

/** Names for configuration files. */
export const plugin: Plugin = {
  objectives: {
    'unrolled-training': {
      summary: 'DD: a network trained on the set, step by prescribed step, classifies real images',
      options: {
        type: 'object',
        properties: {
          steps: count('steps of one pass over the set', 10),
          epochs: count('passes', 3),
          perClass: count('images a class and step', 1),
          mixViews: {
            type: 'boolean',
            default: false,
            description: 'each image of a step under a view of its own (default: one for the whole step, as published)',
          },
          shuffle: {
            type: 'boolean',
            default: false,
            description:
              'each step takes random images of every class, not all in order; no sequence is then prescribed (RTP)',
          },
          learningRate: positive("every step's size at the start", 0.02),
          learnRates: {
            type: 'boolean',
            default: true,
            description: "each step's size is learned (DD), or fixed (RTP)",
          },
          momentum: {
            type: 'number',
            minimum: 0,
            exclusiveMaximum: 1,
            default: 0,
            description: 'of all steps; RTP: 0.9',
          },
          initial: {
            enum: Object.keys(initials),
            default: 'random',
            description: 'weights that every training starts from',
          },
          initialSeed: { type: 'integer', minimum: 0, default: 0, description: 'of fixed weights' },
          realBatch: count('real images that a trained network is judged by', 1024),
          augmentSteps: {
            type: 'boolean',
            default: false,
            description: 'the augmentation changes the images of each step, too, not the real ones alone',
          },
        },
      },
      make: (options, { network, augmentation }) =>
        unrolledTraining({
          network,
          steps: options.steps as number,
          epochs: options.epochs as number,
          perClass: options.perClass as number,
          mixViews: options.mixViews as boolean,
          shuffle: options.shuffle as boolean,
          learningRate: options.learningRate as number,
          learnRates: options.learnRates as boolean,
          momentum: options.momentum as number,
          augmentSteps: options.augmentSteps as boolean,
          initial: initials[options.initial as keyof typeof initials](options.initialSeed as number),
          realBatch: options.realBatch as number,
          ...(augmentation && { augmentation }),
        }),
    },
    'label-distillation': {
      summary: 'LD: labels of given images, such that a network trained on them classifies real ones',
      options: {
        type: 'object',
        properties: {
          by: {
            enum: ['second-order', 'ridge'],
            default: 'second-order',
            description: 'how labels act: a gradient step on all weights, or ridge regression of the classifier',
          },
          learningRate: positive('of the gradient step (second-order)', 0.01),
          lambda: positive('price of squared weights (ridge)', 1),
          keep: {
            type: 'number',
            minimum: 0,
            exclusiveMaximum: 1,
            default: 0.99,
            description: 'how much of the classifier stays at each step (ridge)',
          },
          networkRate: positive("of the network's own training by Adam", 1e-3),
          scaleRate: positive("of the classifier's scale, by Adam (ridge)", 0.01),
          batch: count('labeled images a step', 50),
          realBatch: count('real images that judge', 1024),
          window: count('steps after which a network that becomes no better is replaced', 50),
        },
      },
      make: ({ by, learningRate, lambda, keep, networkRate, scaleRate, ...options }, { network }) =>
        labelDistillation({
          network,
          by:
            by === 'ridge'
              ? ridge({ lambda, keep, networkRate, scaleRate } as Readonly<Record<string, number>>)
              : secondOrder({ learningRate, networkRate } as Readonly<Record<string, number>>),
          ...(options as Readonly<Record<string, number>>),
        }),
    },
  },
}
