import { sizeOf } from '@haba/core'
import { ablations } from './ablations.js'
import {
  codecs,
  budgets,
  bytesAllowed,
  datasets,
  objectives,
  parameterizations,
  shapes,
  transformable,
  type Budget,
  type Codec,
  type DatasetName,
  type Objective,
  type Parameterization,
} from './axes.js'
import { coefficientsEffort, efforts, type Effort } from './effort.js'
import { families, type SetFamily } from './sets.js'

/** One configuration, run from two seeds, and how it is sized. */
export interface Cell {
  readonly name: string
  readonly group: 'grid' | 'real' | 'ablation'
  readonly dataset: DatasetName
  readonly objective: Objective
  /** Whose rates it has. */
  readonly of: Parameterization
  readonly codec: Codec
  /** Bytes that the set may take. */
  readonly bytes: number
  readonly effort: Effort
  readonly family: SetFamily
  /** What else the configuration says, such as games; sections replace those of the cell, "objective" is added to. */
  readonly more?: Readonly<Record<string, unknown>> & { readonly objective?: object }
  /** Networks besides the one that distills, which the set of the first seed is tested with. */
  readonly others: readonly string[]
  /** Images that an epoch of a test sees. @default the set's items */
  readonly epochSees?: number
}

/** The networks of the papers' tables of other architectures. */
const otherNetworks = ['mlp', 'lenet', 'alexnet', 'vgg11', 'resnet18'] as const

const claimed: ReadonlySet<Parameterization> = new Set(['pixels', 'multi-formation', 'haba-released', 'haba-repaired'])

interface GridPlace {
  readonly dataset: DatasetName
  readonly budget: Budget
  readonly objective: Objective
  readonly of: Parameterization
  readonly codec: Codec
}

/** `mnist-1-dm-haba-repaired-8bit`, `mnist-1-dm-haba-repaired-dct` */
export const gridName = ({ dataset, budget, objective, of, codec }: GridPlace): string =>
  `${dataset}-${budget}-${objective}-${of}-${codec === 'dct' ? codec : `${codec}bit`}`

const moreOf = (effort: Effort): Effort => ({
  ...effort,
  work: coefficientsEffort * effort.work,
  seen: coefficientsEffort * effort.seen,
})

function gridCell(place: GridPlace): Cell {
  const { dataset, budget, ...what } = place
  const effort = efforts[dataset][budget]
  return {
    ...what,
    name: gridName(place),
    group: 'grid',
    dataset,
    bytes: bytesAllowed(dataset, budget),
    effort: what.codec === 'dct' ? moreOf(effort) : effort,
    family: families(dataset)[what.of],
    // As released, a step sees one view of a class; MTT's one view a step is both what was released and what was published.
    ...(what.of === 'haba-released' && {
      more: {
        games: [{ use: 'adversarial-contrast' }],
        ...(what.objective !== 'mtt' && { objective: { views: 1 } }),
      },
    }),
    ...(what.of === 'haba-repaired' && what.objective === 'mtt' && { more: { objective: { mixViews: true } } }),
    // The paper's claim is of HaBa and pixels; sets of coefficients are too large for the slowest networks.
    others: claimed.has(what.of) && what.codec !== 'dct' ? otherNetworks : [],
  }
}

/** How real images are stored: as their bytes, or all in one JPEG. */
export const realStorages = ['uint8', 'jpeg'] as const
export type RealStorage = (typeof realStorages)[number]

/** `mnist-1-real-jpeg`: random, herding and k-means images beside the sets of one budget. */
export const realName = (dataset: DatasetName, budget: Budget, stored: RealStorage): string =>
  `${dataset}-${budget}-real-${stored}`

/** Bytes of an image in a JPEG of middling quality, about: how many fit decides how long networks train on them. */
const bytesInJpeg: Readonly<Record<DatasetName, number>> = { mnist: 50, cifar10: 250 }

/** A set of real images that does not move; what is compared with it is what the cell is for. */
const realCell = (dataset: DatasetName, budget: Budget, stored: RealStorage): Cell => ({
  name: realName(dataset, budget, stored),
  group: 'real',
  dataset,
  objective: 'dm',
  of: 'pixels',
  codec: 32,
  bytes: bytesAllowed(dataset, budget),
  effort: efforts[dataset][budget],
  family: families(dataset).pixels,
  more: {
    optimizer: { images: { learningRate: 0 } },
    steps: 1,
    compare: {
      random: true,
      herding: true,
      kMeans: true,
      selection: { epochs: 3 },
      ...(stored === 'uint8' && { qualities: [] }),
    },
  },
  others: [],
  epochSees: Math.floor(
    bytesAllowed(dataset, budget) / (stored === 'jpeg' ? bytesInJpeg[dataset] : 1 + sizeOf(shapes[dataset].image)),
  ),
})

const places = datasets.flatMap((dataset) => budgets.map((budget) => ({ dataset, budget })))

/** Every cell, in the order of the document. */
export const cells: readonly Cell[] = [
  ...places.flatMap(({ dataset, budget }) => realStorages.map((stored) => realCell(dataset, budget, stored))),
  ...places.flatMap((place) =>
    objectives.flatMap((objective) =>
      parameterizations.flatMap((of) =>
        codecs
          .filter((codec) => codec !== 'dct' || (objective === 'dm' && transformable.has(of)))
          .map((codec) => gridCell({ ...place, objective, of, codec })),
      ),
    ),
  ),
  ...ablations.map(({ cell }) => cell),
]
