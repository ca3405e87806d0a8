import { fromNoise, fromReal, relu, type ImageShape, type Plugin } from '@haba/core'
import { count, countPerClass, entry, flag, nameIn, positive, tuple, Type, weight } from '@haba/core/options'
import { adversarialContrast } from './adversarial-contrast.js'
import { instanceContrastive, supervisedContrastive } from './contrastive.js'
import { factorized, perClass, shared } from './factorized.js'
import { identity, released } from './initializers.js'

const sharings = { shared, 'per-class': perClass } as const
const starts = { real: fromReal, noise: fromNoise } as const
const initializers = { identity: identity(), released } as const
const activations = { none: undefined, relu } as const
const contrasts = { supervised: supervisedContrastive, instance: instanceContrastive } as const

/** Names for configuration files. */
export const plugin: Plugin = {
  parameterizations: {
    factorized: entry({
      title: 'HaBa',
      summary: 'HaBa: bases and hallucinators; the set is all their products',
      options: Type.Object({
        basesPerClass: countPerClass('bases a class: a number, or one for each class', 1),
        hallucinators: count('how many', 5),
        basis: Type.Optional(
          tuple<ImageShape>(3, Type.Integer({ minimum: 1 }), {
            description: 'height, width and channels of a basis (default: those of an image)',
          }),
        ),
        kernel: count("side of encoder's and decoder's kernels", 3),
        hidden: Type.Optional(count('channels between encoder and decoder (default: those of an image)')),
        layers: count('convolutions of the encoder, and as many of the decoder', 1),
        activation: nameIn(
          activations,
          'after each encoding layer and between decoding layers; none: a hallucinator is an affine map',
          'none',
        ),
        enlarge: Type.Enum(['first', 'last'], {
          default: 'last',
          description: 'enlarge smaller bases before they are encoded, as released, or after they are decoded',
        }),
        padding: Type.Enum(['valid', 'same'], {
          default: 'valid',
          description: 'same: maps are as large as what is encoded; valid: smaller by kernel - 1, as released',
        }),
        modulation: Type.Enum(['pixel', 'channel'], {
          default: 'pixel',
          description: 'scale and shift at every position, as released, or one a channel',
        }),
        initializer: nameIn(
          initializers,
          "where hallucinators start; identity: views begin as the bases; released: PyTorch's defaults",
          'identity',
        ),
        fit: Type.Optional(
          Type.Object(
            { steps: count('of Adam', 1000), learningRate: positive('step size', 0.01) },
            {
              additionalProperties: false,
              description:
                'before distilling, fit every view of every basis to a real image of its class, by mean squared error (default: not)',
            },
          ),
        ),
        sharing: nameIn(sharings, 'who shares hallucinators', 'shared'),
        start: nameIn(starts, 'where bases start', 'real'),
      }),
      make: ({ activation, initializer, sharing, start, ...options }, { image, classes, of }) =>
        factorized({
          image,
          classes,
          ...(of && { of }),
          ...options,
          ...(activation !== 'none' && { activation: activations[activation] }),
          initializer: initializers[initializer],
          sharing: sharings[sharing],
          start: starts[start],
        }),
    }),
  },
  games: {
    'adversarial-contrast': entry({
      summary: "HaBa's game: a critic learns what two views of a basis share, the set makes them differ",
      options: Type.Object({
        cosine: weight("λ_cos: the similarity of two views of a basis, in the set's loss", 0.1),
        task: weight("λ_task: the critic's cross-entropy", 1),
        likelihood: weight(
          "the critic's pull on views of a basis toward each other; in the released code, not in the paper",
          0.1,
        ),
        contrastive: weight("λ_con: the critic's contrastive loss", 0.1),
        loss: nameIn(contrasts, 'form of the contrastive loss', 'supervised'),
        relative: flag(
          "multiply the game's set loss by the objective's loss, so that its weight is a share of that loss",
        ),
        temperature: positive('of the contrastive loss', 0.07),
        batch: Type.Optional(count('bases in a move (default: all)')),
      }),
      make: ({ loss, temperature, batch, relative, ...weights }, { network, augmentation }) =>
        adversarialContrast({
          network,
          weights,
          relative,
          contrast: contrasts[loss]({ temperature }),
          ...(augmentation && { augmentation }),
          ...(batch !== undefined && { batch }),
        }),
    }),
  },
}
