import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'
import {
  crossEntropy,
  disposeTree,
  drawSome,
  drawView,
  fold,
  HabaError,
  grad,
  indicesByClass,
  mapTree,
  permutation,
  rowsOf,
  slotsOfClass,
  stopGradient,
  tensor,
  trainer,
  type AdvanceContext,
  type Args,
  type Augmentation,
  type Engine,
  type Key,
  type Network,
  type None,
  type Rows,
  type SumObjective,
  type Trainer,
  type Training,
  type Tree,
} from '@haba/core'
import { checkCount } from './check.js'
import { layerwiseCosine, type GradientDistance } from './gradient-distance.js'

/** How often the set moves under one network (`outer`), and how long the network trains on the set in between (`inner`, epochs). */
export interface Loops {
  readonly outer: number
  readonly inner: number
}

const PUBLISHED: Readonly<Record<number, Loops>> = {
  1: { outer: 1, inner: 1 },
  10: { outer: 10, inner: 50 },
  20: { outer: 20, inner: 25 },
  30: { outer: 30, inner: 20 },
  40: { outer: 40, inner: 15 },
  50: { outer: 50, inner: 10 },
}

/** DC's published loops for 1, 10, 20, 30, 40 or 50 images a class (`get_loops` in the released code). */
export function dcLoops(imagesPerClass: number): Loops {
  const loops = PUBLISHED[imagesPerClass]
  if (!loops)
    throw new HabaError(
      'dcLoops',
      `images per class of ${Object.keys(PUBLISHED).join(', ')}`,
      `${imagesPerClass}`,
      'Give { outer, inner } yourself.',
    )
  return loops
}

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
}

type Common = { readonly weights: Tree; readonly state: Tree }
type Item = { readonly real: Tensor4D; readonly targets: Tensor2D; readonly rows: Rows; readonly augment: Args }
type State = { readonly training: Training; readonly outer: number }

/**
 * Gradient matching (DC; Zhao et al., ICLR 2021, algorithm 1): the gradient that a class of the set gives a network
 * approaches that of real images. An item is a class; a step is one turn of the outer loop, and the network is trained on
 * the set between turns and replaced after the last.
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
}: GradientMatchingOptions): SumObjective<Common, Item, None, State> {
  const who = 'gradientMatching'
  checkCount(who, 'loops.outer', loops.outer)
  checkCount(who, 'loops.inner', loops.inner, 0)
  checkCount(who, 'realPerClass', realPerClass)
  const fresh = (key: Key): State => {
    const { weights, state } = network.init(key)
    return { training: { weights, state, velocity: {} } as Training, outer: 0 }
  }
  const trainerOn = oncePerEngine((engine) => trainer({ engine, network, ...(augmentation && { augmentation }) }))
  return {
    kind: 'sum',
    name: augmentation ? 'gradient matching, siamese' : 'gradient matching',
    init: (key) => ({ params: {}, state: fresh(fold(key, 'network')) }),
    async draw(key, { real, layout, state }) {
      const classes = indicesByClass(real.labels, real.classes)
      const items = await Promise.all(
        classes.map(async (members, label): Promise<Item> => {
          const own = fold(fold(key, 'class'), label)
          const chosen = drawSome(fold(own, 'real'), members, realPerClass)
          return {
            real: await real.images(chosen),
            targets: sameTargets(chosen.length, label, real.classes),
            rows: rowsOf(slotsOfClass(layout, label), drawView(fold(own, 'view'), layout)),
            augment: augmentation?.draw(fold(own, 'augment'), 1, layout.image) ?? {},
          }
        }),
      )
      const { weights, state: running } = state.training
      // Clones: what is drawn is disposed by the caller, the state is not.
      return {
        common: mapTree((x) => tensor(x.dataSync().slice() as Float32Array, x.shape), {
          weights,
          state: running,
        }) as Common,
        items,
      }
    },
    term(set, _, { weights, state }, { real, targets, rows, augment }) {
      const synthetic = set.render(rows)
      const gradient = (images: Tensor4D, labels: Tensor2D): Tree => {
        const seen = augmentation ? augmentation.apply(images, augment) : images
        return grad((w) => crossEntropy(network.apply(w, seen, { kind: 'train', state }).logits, labels), weights)
      }
      const constant = mapTree((g) => stopGradient(g), gradient(real, targets))
      return distance(constant, gradient(synthetic.images, synthetic.targets))
    },
    async advance(key, from) {
      if (from.state.outer + 1 >= loops.outer) {
        disposeTree(from.state)
        return fresh(fold(key, 'network'))
      }
      const training = await trainOnSet(trainerOn(from.engine), key, from, loops.inner, networkRate, networkBatch)
      return { training: training, outer: from.state.outer + 1 }
    },
  }
}

/** Trains the carried network on the updated set: every slot once an epoch, a view drawn for each batch. */
async function trainOnSet(
  network: Trainer,
  key: Key,
  { layout, render, state }: AdvanceContext<State>,
  epochs: number,
  rate: number,
  size: number,
): Promise<Training> {
  let training: Training = state.training
  for (let epoch = 0; epoch < epochs; epoch++) {
    const own = fold(fold(key, 'epoch'), epoch)
    const order = permutation(fold(own, 'order'), layout.slots)
    for (let at = 0; at < order.length; at += size) {
      const rows = rowsOf(order.slice(at, at + size), drawView(fold(fold(own, 'view'), at), layout))
      const batch = await render(rows)
      const { next } = await network.step(training, batch, rate, fold(fold(own, 'augment'), at))
      disposeTree(training, rows, batch)
      training = next
    }
  }
  return training
}

const sameTargets = (rows: number, label: number, classes: number): Tensor2D => {
  const values = new Float32Array(rows * classes)
  for (let row = 0; row < rows; row++) values[row * classes + label] = 1
  return tensor(values, [rows, classes]) as Tensor2D
}

/** Compiled functions belong to an engine; this makes them when an engine is first seen. */
function oncePerEngine<T>(make: (engine: Engine) => T): (engine: Engine) => T {
  const made = new WeakMap<Engine, T>()
  return (engine) => {
    const known = made.get(engine) ?? make(engine)
    made.set(engine, known)
    return known
  }
}
