// What must compile, and what must not: `npm run types` reads it, nothing runs it.
import type { Augmentation, Dataset, DatasetEntry, ImageContext, Plugin, PluginEntry } from './index.js'
import { count, countPerClass, datasetEntry, entry, flag, nameIn, positive, Type, type Static } from './options.js'

declare const data: Dataset
declare const make: (options: { readonly strength: number }) => Augmentation
const kinds = { first: 1, second: 2 } as const

const options = Type.Object({
  perClass: countPerClass('how many', 1),
  least: Type.Optional(count('at least')),
  strength: positive('how much', 0.5),
  whole: flag('whether all'),
  kind: nameIn(kinds, 'which', 'first'),
  folder: Type.String({ format: 'path' }),
})
type Options = Static<typeof options>

export const types = (given: Options) => ({
  perClass: given.perClass satisfies number | readonly number[],
  withDefault: given.strength satisfies number,
  flag: given.whole satisfies boolean,
  name: kinds[given.kind] satisfies 1 | 2,
  required: given.folder satisfies string,
  // @ts-expect-error it may not be there
  optional: given.least satisfies number,
  // @ts-expect-error no such option
  unknown: given.most,
})

// @ts-expect-error a default that the table does not have
export const kind = nameIn(kinds, 'which', 'third')

export const plugin: Plugin = {
  augmentations: {
    typed: entry({
      summary: 'options have types, and the context that of the table',
      options,
      make: ({ strength }, { image }) => make({ strength: strength * image[0] }),
    }),
    wrong: entry({
      summary: 'a number where text is needed',
      options,
      // @ts-expect-error folder is text
      make: ({ folder }) => make({ strength: folder }),
    }),
    absent: entry({
      summary: 'an option that may not be there',
      options,
      // @ts-expect-error least may not be there
      make: ({ least }) => make({ strength: least }),
    }),
    plain: {
      summary: 'JSON Schema as it is, options of any type',
      options: { type: 'object', properties: { strength: { type: 'number', default: 1 } } },
      make: ({ strength }) => make({ strength: Number(strength) }),
    },
    plainWrong: {
      summary: 'the same; types must be checked',
      options: { type: 'object', properties: { strength: { type: 'number', default: 1 } } },
      // @ts-expect-error of any type
      make: ({ strength }) => make({ strength }),
    },
    // @ts-expect-error makes no augmentation
    other: entry({ summary: 'makes something else', options, make: () => data }),
    // @ts-expect-error the context has no engine
    elsewhere: entry({ summary: 'needs an engine', options, make: (_, { engine }) => make(engine) }),
  },
  datasets: {
    shaped: datasetEntry({
      summary: 'shape and make get the same options',
      options,
      shape: ({ perClass }) => ({ image: [8, 8, 1], classes: [perClass].flat().length }),
      make: (_, { engine }) => (engine satisfies object, data),
    }),
    unshaped: datasetEntry({
      summary: 'shape reads an option that is not there',
      options,
      // @ts-expect-error no such option
      shape: ({ classes }) => ({ image: [8, 8, 1], classes }),
      make: () => data,
    }),
  },
}

// Each of these holds what any entry of its table is.
export const one: PluginEntry<ImageContext, Augmentation> = entry({ summary: '', options, make })
export const two: DatasetEntry = { summary: '', options, make: () => data }
