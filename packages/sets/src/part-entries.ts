import { fromNoise, fromReal, keyFrom, type Plugin, type Start } from '@haba/core'
import { count, countPerClass, entry, nameIn, Type } from '@haba/core/options'
import { canvas } from './canvas.js'
import { mixed, releasedCells } from './mixed.js'
import { multiFormation } from './multi-formation.js'

const starts = {
  mixed: (factor) => mixed(factor),
  'mixed-as-released': (factor) => mixed(factor, releasedCells),
  real: () => fromReal,
  noise: () => fromNoise,
} satisfies Readonly<Record<string, (factor: number) => Start>>
const tiles = { real: fromReal, noise: fromNoise } as const

/** Sets whose images are parts of larger stored ones. */
export const partEntries: NonNullable<Plugin['parameterizations']> = {
  canvas: entry({
    title: "MTT's textures",
    summary: "MTT's textures: canvases larger than an image; the set is crops of them",
    options: Type.Object({
      perClass: countPerClass('canvases a class: a number, or one for each class', 1),
      size: count("a canvas's sides, in sides of an image", 2),
      crops: count('places that each canvas is cropped at', 64),
      cropSeed: count('where those places are', 0, 0),
      start: nameIn(tiles, 'what canvases are tiled with at first', 'real'),
    }),
    make: ({ cropSeed, start, ...options }, context) =>
      canvas({ ...context, ...options, key: keyFrom(cropSeed), start: tiles[start] }),
  }),
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
}
