import { fromNoise, fromReal, type Plugin, type Start } from '@haba/core'
import { count, countPerClass, entry, nameIn, Type } from '@haba/core/options'
import { mixed, releasedCells } from './mixed.js'
import { multiFormation } from './multi-formation.js'

const starts = {
  mixed: (factor) => mixed(factor),
  'mixed-as-released': (factor) => mixed(factor, releasedCells),
  real: () => fromReal,
  noise: () => fromNoise,
} satisfies Readonly<Record<string, (factor: number) => Start>>

/** Names for configuration files. */
export const plugin: Plugin = {
  parameterizations: {
    'multi-formation': entry({
      title: 'IDC',
      summary: 'IDC: every stored image is a grid of smaller ones, enlarged when they are seen',
      options: Type.Object({
        perClass: countPerClass('stored images a class: a number, or one for each class', 1),
        factor: count('cells along a side: 2 for 32 pixels, 3 for larger images', 2),
        padding: Type.Number({
          default: 0,
          description: 'fills cells that stick out of the image, where the factor does not divide its sides',
        }),
        start: nameIn(starts, 'where images start; mixed: a shrunk real image in every cell', 'mixed'),
      }),
      make: ({ start, ...options }, context) =>
        multiFormation({ ...context, ...options, start: starts[start](options.factor) }),
    }),
  },
}
