import { fromNoise, fromReal, pixels, type Plugin } from '@haba/core'

const count = { type: 'integer', minimum: 1 }
const starts = { real: fromReal, noise: fromNoise } as const

/** Names for what core itself holds. */
export const corePlugin: Plugin = {
  parameterizations: {
    pixels: {
      summary: 'the images themselves',
      options: {
        type: 'object',
        properties: {
          perClass: {
            anyOf: [count, { type: 'array', items: count }],
            default: 1,
            description: 'images a class: a number, or one for each class',
          },
          start: { enum: Object.keys(starts), default: 'real', description: 'where images start' },
        },
      },
      make: (options, context) =>
        pixels({
          ...context,
          perClass: options.perClass as number | readonly number[],
          start: starts[options.start as keyof typeof starts],
        }),
    },
  },
}
