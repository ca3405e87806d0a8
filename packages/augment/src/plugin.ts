import type { Plugin } from '@haba/core'
import { entry, nameIn, Type } from '@haba/core/options'
import { chain, none } from './chain.js'
import { cutMix } from './cut-mix.js'
import { fromStrategy } from './from-strategy.js'
import { idcOrder } from './idc-order.js'
import { legacy, legacyCrop, legacyNoise, legacyRotate, legacyScale } from './legacy.js'
import { mixUp } from './mix-up.js'
import { oneOf } from './one-of.js'

const combinations = { one: oneOf, all: chain, idc: idcOrder } as const

const legacyOperations = { crop: legacyCrop, scale: legacyScale, rotate: legacyRotate, noise: legacyNoise } as const

const probability = (byDefault: number) =>
  Type.Number({ minimum: 0, maximum: 1, default: byDefault, description: 'of mixing a batch at all' })

/** Names for configuration files. */
export const plugin: Plugin = {
  augmentations: {
    siamese: entry({
      summary: 'differentiable siamese augmentation (DSA): one draw acts alike on real and synthetic images',
      options: Type.Object({
        strategy: Type.String({
          default: 'color_crop_cutout_flip_scale_rotate',
          description: 'words of color, crop, cutout, flip, scale and rotate, joined by _',
        }),
        combine: nameIn(
          combinations,
          'one of them for each batch (mode S), all in order (mode M), or flip, color, one of the others, cutout (idc)',
          'one',
        ),
      }),
      make: ({ strategy, combine }) => fromStrategy(strategy, combinations[combine]),
    }),
    legacy: entry({
      summary: 'what DC evaluated MNIST with before DSA: for every image one operation at random',
      options: Type.Object({
        operations: Type.Array(nameIn(legacyOperations), {
          minItems: 1,
          default: ['crop', 'scale', 'rotate'],
          description: 'which',
        }),
      }),
      make: ({ operations }) => legacy(operations.map((name) => legacyOperations[name])),
    }),
    none: {
      summary: 'images stay as they are',
      options: Type.Object({}),
      make: () => none,
    },
  },
  mixings: {
    cutmix: entry({
      summary: 'a rectangle of every image, and as much of its target, comes from another one',
      options: Type.Object({ probability: probability(0.5) }),
      make: (options) => cutMix(options),
    }),
    mixup: entry({
      summary: 'every image and its target are averaged with another one',
      options: Type.Object({ probability: probability(1) }),
      make: (options) => mixUp(options),
    }),
  },
}
