import { fromNoise, fromReal, pixels, type Plugin } from '@haba/core'
import { countPerClass, entry, nameIn, Type } from '@haba/core/options'

const starts = { real: fromReal, noise: fromNoise } as const

/** Names for what core itself holds. */
export const corePlugin: Plugin = {
  parameterizations: {
    pixels: entry({
      summary: 'the images themselves',
      options: Type.Object({
        perClass: countPerClass('images a class: a number, or one for each class', 1),
        start: nameIn(starts, 'where images start', 'real'),
      }),
      make: ({ start, ...options }, context) => pixels({ ...context, ...options, start: starts[start] }),
    }),
  },
}
