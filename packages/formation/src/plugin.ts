import { fromNoise, fromReal, type Plugin, type Start } from '@haba/core'
import { mixed, releasedCells } from './mixed.js'
import { multiFormation } from './multi-formation.js'

const count = { type: 'integer', minimum: 1 }
const starts: Readonly<Record<string, (factor: number) => Start>> = {
  mixed: (factor) => mixed(factor),
  'mixed-as-released': (factor) => mixed(factor, releasedCells),
  real: () => fromReal,
  noise: () => fromNoise,
}

/** Names for configuration files. */
export const plugin: Plugin = {
  parameterizations: {
    'multi-formation': {
      title: 'IDC',
      summary: 'IDC: every stored image is a grid of smaller ones, enlarged when they are seen',
      options: {
        type: 'object',
        properties: {
          perClass: {
            anyOf: [count, { type: 'array', items: count }],
            default: 1,
            description: 'stored images a class: a number, or one for each class',
          },
          factor: { ...count, default: 2, description: 'cells along a side: 2 for 32 pixels, 3 for larger images' },
          padding: {
            type: 'number',
            default: 0,
            description: 'fills cells that stick out of the image, where the factor does not divide its sides',
          },
          start: {
            enum: Object.keys(starts),
            default: 'mixed',
            description: 'where images start; mixed: a shrunk real image in every cell',
          },
        },
      },
      make: (options, context) =>
        multiFormation({
          ...context,
          perClass: options.perClass as number | readonly number[],
          factor: options.factor as number,
          padding: options.padding as number,
          start: starts[options.start as string]!(options.factor as number),
        }),
    },
  },
}
