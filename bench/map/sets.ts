import { shapes, type DatasetName, type Parameterization } from './axes.js'

/** A parameterization at one level of detail, with so many stored items of all classes. */
export interface SetChoice {
  /** The configuration's section "set". */
  readonly set: Readonly<Record<string, unknown>> & { readonly use: string }
  /** Stored items: what an epoch of a test sees. */
  readonly items: number
  /** Images that the set renders, over all views. */
  readonly images: number
}

/** How a parameterization is sized. */
export interface SetFamily {
  /** The coarsest first: the next is taken where more images than are worth their time would fit. */
  readonly details: readonly number[]
  /** The set with so many items, at least one of each class. @param extra hallucinators beyond the least */
  at(detail: number, items: number, extra: number): SetChoice
  /** Items come in this number: as many as there are classes where all classes must have the same. @default 1 */
  readonly step?: number
  /** How many of them bytes that are left over may buy. @default 0 */
  readonly mostExtra?: number
}

/** Hallucinators of HaBa repaired, at least. */
const hallucinators = 4

/** All datasets of the map have ten. */
const classes = 10

/** Items of each class: the first classes have one more where they do not divide. */
export const perClassOf = (items: number): number | readonly number[] =>
  items % classes === 0
    ? items / classes
    : Array.from({ length: classes }, (_, label) => Math.floor(items / classes) + (label < items % classes ? 1 : 0))

const counted =
  (set: (detail: number, perClass: number | readonly number[]) => SetChoice['set'], views = 1) =>
  (detail: number, items: number): SetChoice => ({ set: set(detail, perClassOf(items)), items, images: views * items })

/** HaBa as released: whole bases, enlarged before they are encoded, random hallucinators. */
export const releasedOptions = {
  enlarge: 'first',
  initializer: 'released',
  padding: 'valid',
  modulation: 'pixel',
} as const

/** HaBa repaired: small bases, enlarged after they are decoded, hallucinators that start as the identity. */
export const repairedOptions = { enlarge: 'last', initializer: 'identity' } as const

/** Sides of small and of whole bases. */
const sides = { mnist: [14, 28], cifar10: [16, 32] } as const

/** The parameterizations of a dataset. */
export function families(dataset: DatasetName): Readonly<Record<Parameterization, SetFamily>> {
  const [, , channels] = shapes[dataset].image
  return {
    pixels: { details: [1], at: counted((_, perClass) => ({ use: 'pixels', perClass })) },
    'multi-formation': {
      details: [2],
      at: counted((factor, perClass) => ({ use: 'multi-formation', perClass, factor }), 4),
    },
    'haba-released': {
      details: [5],
      at: (count, items) => ({
        set: { use: 'factorized', basesPerClass: perClassOf(items), hallucinators: count, ...releasedOptions },
        items,
        images: items * count,
      }),
    },
    'haba-repaired': {
      details: sides[dataset],
      at: (side, items, extra) => ({
        set: {
          use: 'factorized',
          basesPerClass: perClassOf(items),
          hallucinators: hallucinators + extra,
          basis: [side, side, channels],
          ...repairedOptions,
        },
        items,
        images: items * (hallucinators + extra),
      }),
      mostExtra: 4,
    },
    fred: {
      details: dataset === 'mnist' ? [56, 112, 224, 448] : [64, 160, 400, 1024],
      at: counted((coefficients, perClass) => ({ use: 'fred', perClass, coefficients, maskImages: 5000 })),
    },
    rtp: {
      details: [16, 64, 192, 384, 768],
      at: counted((bases, addresses) => ({ use: 'rtp', bases, downsample: 2, addresses })),
      step: classes,
    },
    gaussians: {
      details: dataset === 'mnist' ? [14, 28, 56, 112] : [22, 42, 136],
      at: counted((gaussians, perClass) => ({ use: 'gaussians', perClass, gaussians })),
    },
    'low-rank': {
      details: [2, 4, 8, 14],
      at: counted((rank, perClass) => ({ use: 'low-rank', perClass, rank })),
    },
  }
}
