import type { Plugin } from '@haba/core'
import { chain, none } from './chain.js'
import { fromStrategy } from './from-strategy.js'
import { oneOf } from './one-of.js'

const combinations = { one: oneOf, all: chain } as const

/** Names for configuration files. */
export const plugin: Plugin = {
  augmentations: {
    siamese: {
      summary: 'differentiable siamese augmentation (DSA): one draw acts alike on real and synthetic images',
      options: {
        type: 'object',
        properties: {
          strategy: {
            type: 'string',
            default: 'color_crop_cutout_flip_scale_rotate',
            description: 'words of color, crop, cutout, flip, scale and rotate, joined by _',
          },
          combine: {
            enum: Object.keys(combinations),
            default: 'one',
            description: 'one of them for each batch (mode S), or all in order (mode M)',
          },
        },
      },
      make: ({ strategy, combine }) =>
        fromStrategy(strategy as string, combinations[combine as keyof typeof combinations]),
    },
    none: {
      summary: 'images stay as they are',
      options: { type: 'object', properties: {} },
      make: () => none,
    },
  },
}
