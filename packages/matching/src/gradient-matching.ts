import type { Rank, Tensor, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'
import {
  concat,
  drawSome,
  fold,
  gather,
  mapTree,
  rowsOf,
  stopGradient,
  tensor,
  type Augmentation,
  type Batch,
  type Key,
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
  /** Of all that is seen of a class, so many images at random in each step. @default all */
  readonly syntheticPerClass?: number
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
export type LabelledBatch = ClassBatch & {
  readonly targets: Tensor2D
  readonly further: readonly Rows[]
  /** Which of all these images are seen; all where it is absent. */
  readonly seen?: Tensor1D
}

/** All that is seen of a class of the set in a step. */
export function renderClass(set: Synthetic, { rows, further, seen }: LabelledBatch): Batch {
  const all = [rows, ...further].map((one) => set.render(one))
  const joined = <R extends Rank>(parts: readonly Tensor<R>[]): Tensor<R> => {
    const whole = parts.length === 1 ? parts[0]! : concat<R>(parts, 0)
    return seen ? gather(whole, seen) : whole
  }
  return {
    images: joined(all.map(({ images }) => images)),
    targets: joined(all.map(({ targets }) => targets)),
  }
}

/** Draws so many of a class's images, where there are more. */
function drawSeen(key: Key, label: number, all: readonly Rows[], most: number): { readonly seen?: Tensor1D } {
  const count = all.reduce((sum, { slots }) => sum + slots.shape[0], 0)
  if (count <= most) return {}
  const own = fold(fold(fold(key, 'class'), label), 'seen')
  return {
    seen: tensor(
      drawSome(
        own,
        Int32Array.from({ length: count }, (_, i) => i),
        most,
      ),
      [most],
    ) as Tensor1D,
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
  syntheticPerClass = Infinity,
  practice = practiceOnSet({ epochs: loops.inner, rate: networkRate, batch: networkBatch, augmentation }),
}: GradientMatchingOptions): SumObjective<MatchedNetwork, LabelledBatch, None, Carried> {
  const who = 'gradientMatching'
  checkCount(who, 'loops.outer', loops.outer)
  checkCount(who, 'loops.inner', loops.inner, 0)
  checkCount(who, 'realPerClass', realPerClass)
  if (syntheticPerClass !== Infinity) checkCount(who, 'syntheticPerClass', syntheticPerClass)
  const carried = carriedNetwork({ network, turns: loops.outer, practice })
  return {
    kind: 'sum',
    name: augmentation ? 'gradient matching, siamese' : 'gradient matching',
    init: (key) => ({ params: {}, state: carried.init(key) }),
    draw: async (key, from) => ({
      common: { ...carried.copy(from.state), statistics: await drawStatistics(key, from.real, from.state) },
      items: (await drawClasses(key, from, realPerClass, augmentation)).map((batch, label) => {
        const others = further(batch.rows, from.layout)
        return {
          ...batch,
          targets: oneHotRows(batch.real.shape[0], label, from.real.classes),
          further: others,
          ...drawSeen(key, label, [batch.rows, ...others], syntheticPerClass),
        }
      }),
    }),
    term(set, _, common, item) {
      const { real, targets, augment } = item
      const synthetic = renderClass(set, item)
      const changed = (images: Tensor4D) => (augmentation ? augmentation.apply(images, augment) : images)
      const gradient = gradientUnder(network, common)
      const constant = mapTree((g) => stopGradient(g), gradient({ images: changed(real), targets }))
      return distance(constant, gradient({ images: changed(synthetic.images), targets: synthetic.targets }))
    },
    advance: carried.advance,
  }
}

function oneHotRows(rows: number, label: number, classes: number): Tensor2D {
  const values = new Float32Array(rows * classes)
  for (let row = 0; row < rows; row++) values[row * classes + label] = 1
  return tensor(values, [rows, classes]) as Tensor2D
}
