import { fromNoise, fromReal, keyFrom, type Plugin, type Start } from '@haba/core'
import { canvas } from './canvas.js'
import { mixed, releasedCells } from './mixed.js'
import { multiFormation } from './multi-formation.js'

const count = { type: 'integer', minimum: 1 }
const starts: Readonly<Record<string, (factor: number) => Start>> = {
  mixed: (factor) => mixed(factor),
  'mixed-as-released': (factor) => mixed(factor, releasedCells),
  real: () => fromReal,
  noise: () => fromNoise,
}
const tiles = { real: fromReal, noise: fromNoise } as const

/** Sets whose images are parts of larger stored ones. */
export const partEntries: NonNullable<Plugin['parameterizations']> = {
  canvas: {
    title: "MTT's textures",
    summary: "MTT's textures: canvases larger than an image; the set is crops of them",
    options: {
      type: 'object',
      properties: {
        perClass: {
          anyOf: [count, { type: 'array', items: count }],
          default: 1,
          description: 'canvases a class: a number, or one for each class',
        },
        size: { ...count, default: 2, description: "a canvas's sides, in sides of an image" },
        crops: { ...count, default: 64, description: 'places that each canvas is cropped at' },
        cropSeed: { type: 'integer', minimum: 0, default: 0, description: 'where those places are' },
        start: { enum: Object.keys(tiles), default: 'real', description: 'what canvases are tiled with at first' },
      },
    },
    make: (options, context) =>
      canvas({
        ...context,
        perClass: options.perClass as number | readonly number[],
        size: options.size as number,
        crops: options.crops as number,
        key: keyFrom(options.cropSeed as number),
        start: tiles[options.start as keyof typeof tiles],
      }),
  },
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
}
