import { fromNoise, fromReal, relu, type Fit, type ImageShape, type Plugin } from '@haba/core'
import { adversarialContrast } from './adversarial-contrast.js'
import { instanceContrastive, supervisedContrastive } from './contrastive.js'
import { factorized, perClass, shared, type Enlarge } from './factorized.js'
import { identity, released } from './initializers.js'

const count = { type: 'integer', minimum: 1 }
const weight = (description: string, byDefault: number) => ({
  type: 'number',
  minimum: 0,
  default: byDefault,
  description,
})
const sharings = { shared, 'per-class': perClass } as const
const starts = { real: fromReal, noise: fromNoise } as const
const initializers = { identity: identity(), released } as const
const activations = { none: undefined, relu } as const
const contrasts = { supervised: supervisedContrastive, instance: instanceContrastive } as const

/** Names for configuration files. */
export const plugin: Plugin = {
  parameterizations: {
    factorized: {
      title: 'HaBa',
      summary: 'HaBa: bases and hallucinators; the set is all their products',
      options: {
        type: 'object',
        properties: {
          basesPerClass: {
            anyOf: [count, { type: 'array', items: count }],
            default: 1,
            description: 'bases a class: a number, or one for each class',
          },
          hallucinators: { ...count, default: 5, description: 'how many' },
          basis: {
            type: 'array',
            items: count,
            minItems: 3,
            maxItems: 3,
            description: 'height, width and channels of a basis (default: those of an image)',
          },
          kernel: { ...count, default: 3, description: "side of encoder's and decoder's kernels" },
          hidden: { ...count, description: 'channels between encoder and decoder (default: those of an image)' },
          layers: { ...count, default: 1, description: 'convolutions of the encoder, and as many of the decoder' },
          activation: {
            enum: Object.keys(activations),
            default: 'none',
            description: 'after each encoding layer and between decoding layers; none: a hallucinator is an affine map',
          },
          enlarge: {
            enum: ['first', 'last'],
            default: 'last',
            description: 'enlarge smaller bases before they are encoded, as released, or after they are decoded',
          },
          padding: {
            enum: ['valid', 'same'],
            default: 'valid',
            description: 'same: maps are as large as what is encoded; valid: smaller by kernel - 1, as released',
          },
          modulation: {
            enum: ['pixel', 'channel'],
            default: 'pixel',
            description: 'scale and shift at every position, as released, or one a channel',
          },
          initializer: {
            enum: Object.keys(initializers),
            default: 'identity',
            description: "where hallucinators start; identity: views begin as the bases; released: PyTorch's defaults",
          },
          fit: {
            type: 'object',
            properties: {
              steps: { ...count, default: 1000, description: 'of Adam' },
              learningRate: { type: 'number', exclusiveMinimum: 0, default: 0.01, description: 'step size' },
            },
            additionalProperties: false,
            description:
              'before distilling, fit every view of every basis to a real image of its class, by mean squared error (default: not)',
          },
          sharing: { enum: Object.keys(sharings), default: 'shared', description: 'who shares hallucinators' },
          start: { enum: Object.keys(starts), default: 'real', description: 'where bases start' },
        },
      },
      make: (options, context) =>
        factorized({
          image: context.image,
          classes: context.classes,
          ...(context.of && { of: context.of }),
          basesPerClass: options.basesPerClass as number | readonly number[],
          hallucinators: options.hallucinators as number,
          kernel: options.kernel as number,
          layers: options.layers as number,
          ...(options.activation !== 'none' && {
            activation: activations[options.activation as keyof typeof activations]!,
          }),
          enlarge: options.enlarge as Enlarge,
          padding: options.padding as 'valid' | 'same',
          modulation: options.modulation as 'pixel' | 'channel',
          initializer: initializers[options.initializer as keyof typeof initializers],
          ...(options.fit !== undefined && { fit: options.fit as Fit }),
          sharing: sharings[options.sharing as keyof typeof sharings],
          start: starts[options.start as keyof typeof starts],
          ...(options.basis !== undefined && { basis: options.basis as ImageShape }),
          ...(options.hidden !== undefined && { hidden: options.hidden as number }),
        }),
    },
  },
  games: {
    'adversarial-contrast': {
      summary: "HaBa's game: a critic learns what two views of a basis share, the set makes them differ",
      options: {
        type: 'object',
        properties: {
          cosine: weight("λ_cos: the similarity of two views of a basis, in the set's loss", 0.1),
          task: weight("λ_task: the critic's cross-entropy", 1),
          likelihood: weight(
            "the critic's pull on views of a basis toward each other; in the released code, not in the paper",
            0.1,
          ),
          contrastive: weight("λ_con: the critic's contrastive loss", 0.1),
          loss: { enum: Object.keys(contrasts), default: 'supervised', description: 'form of the contrastive loss' },
          relative: {
            type: 'boolean',
            default: false,
            description:
              "multiply the game's set loss by the objective's loss, so that its weight is a share of that loss",
          },
          temperature: { type: 'number', exclusiveMinimum: 0, default: 0.07, description: 'of the contrastive loss' },
          batch: { ...count, description: 'bases in a move (default: all)' },
        },
      },
      make: ({ loss, temperature, batch, relative, ...weights }, { network, augmentation }) =>
        adversarialContrast({
          network,
          weights: weights,
          relative: relative as boolean,
          contrast: contrasts[loss as keyof typeof contrasts]({ temperature: temperature as number }),
          ...(augmentation && { augmentation }),
          ...(batch !== undefined && { batch: batch as number }),
        }),
    },
  },
}
