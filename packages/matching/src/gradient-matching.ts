import type { Rank, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'
import {
  concat,
  mapTree,
  rowsOf,
  stopGradient,
  tensor,
  type Augmentation,
  type Batch,
  type Layout,
  type Network,
  type None,
  type Rows,
  type SumObjective,
  type Synthetic,
} from '@haba/core'
import { carriedNetwork, type Carried, type Practice } from './carried-network.js'
import { checkCount } from './check.js'
import { drawClasses, type ClassBatch } from './class-batch.js'
import { layerwiseCosine, type GradientDistance } from './gradient-distance.js'
import type { Loops } from './loops.js'
import { drawStatistics, gradientUnder, type MatchedNetwork } from './network-gradient.js'
import { practiceOnSet } from './practice.js'

/** Options of `gradientMatching`. */
export interface GradientMatchingOptions {
  readonly network: Network
  /** @default layerwiseCosine */
  readonly distance?: GradientDistance
  /** Siamese, one draw a class: with it DC becomes DSA (Zhao and Bilen, ICML 2021). Also used when the network trains. */
  readonly augmentation?: Augmentation
  /** @default { outer: 1, inner: 1 } */
  readonly loops?: Loops
  /** Real images a class. @default 256 */
  readonly realPerClass?: number
  /** Rate of the network's own training. @default 0.01 */
  readonly networkRate?: number
  /** Batch of the network's own training. @default 256 */
  readonly networkBatch?: number
  /** What of a class is seen besides its slots under the drawn view. @default nothing */
  readonly further?: FurtherViews
  /** How the network trains between matchings. @default on the set, `loops.inner` epochs of plain SGD */
  readonly practice?: Practice
}

/** What of a class is seen in a step besides its rows under the drawn view. */
export type FurtherViews = (rows: Rows, layout: Layout) => readonly Rows[]

/** The same slots under every other view: a gradient then is that of all that a class can show. */
export const otherViews: FurtherViews = ({ slots, view }, { views }) => {
  const drawn = view.dataSync()[0]!
  const others = [...Array(views).keys()].filter((other) => other !== drawn)
  return others.map((other) => rowsOf(slots.dataSync<'int32'>().slice(), other))
}

/** A class's batch with the targets of its real images, `[images, classes]`, and more of its rows. */
export type LabelledBatch = ClassBatch & { readonly targets: Tensor2D; readonly further: readonly Rows[] }

/** All that is seen of a class of the set in a step. */
export function renderClass(set: Synthetic, { rows, further }: LabelledBatch): Batch {
  if (further.length === 0) return set.render(rows)
  const all = [rows, ...further].map((one) => set.render(one))
  return {
    images: concat<Rank.R4>(
      all.map(({ images }) => images),
      0,
    ),
    targets: concat<Rank.R2>(
      all.map(({ targets }) => targets),
      0,
    ),
  }
}

/**
 * Gradient matching (DC; Zhao et al., ICLR 2021, algorithm 1): the gradient that a class of the set gives a network
 * approaches that of real images. An item is a class; a step is one turn of the outer loop, and the network is trained on
 * the set between turns and replaced after the last. A network with batch normalisation is matched with running
 * statistics that a batch of all classes moved, as published.
 *
 * @throws HabaError for counts below 1
 */
export function gradientMatching({
  network,
  distance = layerwiseCosine,
  augmentation,
  loops = { outer: 1, inner: 1 },
  realPerClass = 256,
  networkRate = 0.01,
  networkBatch = 256,
  further = () => [],
  practice = practiceOnSet({ epochs: loops.inner, rate: networkRate, batch: networkBatch, augmentation }),
}: GradientMatchingOptions): SumObjective<MatchedNetwork, LabelledBatch, None, Carried> {
  const who = 'gradientMatching'
  checkCount(who, 'loops.outer', loops.outer)
  checkCount(who, 'loops.inner', loops.inner, 0)
  checkCount(who, 'realPerClass', realPerClass)
  const carried = carriedNetwork({ network, turns: loops.outer, practice })
  return {
    kind: 'sum',
    name: augmentation ? 'gradient matching, siamese' : 'gradient matching',
    init: (key) => ({ params: {}, state: carried.init(key) }),
    draw: async (key, from) => ({
      common: { ...carried.copy(from.state), statistics: await drawStatistics(key, from.real, from.state) },
      items: (await drawClasses(key, from, realPerClass, augmentation)).map((batch, label) => ({
        ...batch,
        targets: oneHotRows(batch.real.shape[0], label, from.real.classes),
        further: further(batch.rows, from.layout),
      })),
    }),
    term(set, _, common, item) {
      const { real, targets, augment } = item
      const synthetic = renderClass(set, item)
      const seen = (images: Tensor4D) => (augmentation ? augmentation.apply(images, augment) : images)
      const gradient = gradientUnder(network, common)
      const constant = mapTree((g) => stopGradient(g), gradient({ images: seen(real), targets }))
      return distance(constant, gradient({ images: seen(synthetic.images), targets: synthetic.targets }))
    },
    advance: carried.advance,
  }
}

function oneHotRows(rows: number, label: number, classes: number): Tensor2D {
  const values = new Float32Array(rows * classes)
  for (let row = 0; row < rows; row++) values[row * classes + label] = 1
  return tensor(values, [rows, classes]) as Tensor2D
}
