import type { Scalar, Tensor4D } from '@tensorflow/tfjs-core'
import {
  add,
  copyOf,
  disposeTree,
  drawSome,
  fold,
  HabaError,
  indicesByClass,
  mul,
  oncePerEngine,
  trainer,
  type AdvanceContext,
  type Augmentation,
  type Key,
  type Network,
  type None,
  type RealSource,
  type SumObjective,
  type Trainer,
  type Training,
  type Tree,
  type ViewCount,
} from '@haba/core'
import { cafeTerms, tapsOf } from './cafe-terms.js'
import { dynamicStop, type DynamicStop, type Watch } from './cafe-stop.js'
import { checkCount, checkViews } from './check.js'
import { countsOf, drawClasses, joined, type ClassBatch } from './class-batch.js'
import { switched, widened } from './switched.js'
import { trainEpoch } from './train-epoch.js'

/** Options of `cafe`. */
export interface CafeOptions {
  /** Its maps are matched layer by layer, with its features last. */
  readonly network: Network
  /** Siamese, one draw a class. Also used when the network trains. */
  readonly augmentation?: Augmentation
  /** Real images a class. @default 256 */
  readonly realPerClass?: number
  /**
   * Views of a class's slots that a step sees: all, or so many distinct ones. With fewer than all, the loss has a term that
   * pulls the views of a basis onto each other: the variance between views, times `(views left out) / (n · (all - 1))`.
   * @default 'all'
   */
  readonly views?: ViewCount
  /**
   * One weight for each of the network's maps, shallow to deep, then one for its features. @default 1 for the last three
   * and 0.1 before: `[0.1, 0.1, 1, 1, 1]` for a ConvNet of depth 3, as published (where the last two agree, so that the
   * last map counts twice)
   */
  readonly layerWeights?: readonly number[]
  /** Weight of the discrimination loss, which is a sum over real images. @default 0.01 */
  readonly discrimination?: number
  /** When networks train and are replaced. @default dynamicStop() */
  readonly stop?: DynamicStop
  /** Rate of the network's own training. @default 0.01 */
  readonly networkRate?: number
  /** Batch of the network's own training. @default 256 */
  readonly networkBatch?: number
  /** How the set's rate falls. @default cafeDecay */
  readonly decay?: NetworkDecay
}

/** A rate that falls as networks are used up: how many steps each serves for is only known afterwards. */
export interface NetworkDecay {
  /** Networks after which the rate drops. */
  readonly after: readonly number[]
  /** Of the rate at each drop, `(0, 1]`. */
  readonly factor: number
}

/** As in CAFE's released code, whose 2001 networks are its iterations; momentum is kept at the drops. */
export const cafeDecay: NetworkDecay = { after: [1200, 1600, 1800], factor: 0.5 }

type Common = { readonly weights: Tree; readonly state: Tree }
type Item = { readonly classes: readonly ClassBatch[] }
/** `steps` and `watch` are those of the present network; `networks` came before it. */
type State = {
  readonly training: Training
  readonly networks: number
  readonly steps: number
  readonly watch: Watch
}

/**
 * CAFE (Wang et al., CVPR 2022): the class means of every layer's maps match those of real images, and real features find
 * their class by the synthetic class centres. The one item holds all classes, since the centres need them. A step is one
 * move of the set; the network trains on the set between steps, and both loops end by its accuracy on real images.
 *
 * The released code also adds the cross-entropy of the real images, which has no gradient in the set: left out.
 * Where its dynamic stop departs from the paper: `leakingAccuracy`.
 *
 * @throws HabaError for counts below 1, weights that are not one a layer, or a factor of decay outside `(0, 1]`
 */
export function cafe({
  network,
  augmentation,
  realPerClass = 256,
  views = 'all',
  layerWeights,
  discrimination = 0.01,
  stop = dynamicStop(),
  networkRate = 0.01,
  networkBatch = 256,
  decay = cafeDecay,
}: CafeOptions): SumObjective<Common, Item, None, State> {
  checkCount('cafe', 'realPerClass', realPerClass)
  checkViews('cafe', views)
  checkCount('cafe', 'networkBatch', networkBatch)
  decay.after.forEach((count) => checkCount('cafe', 'decay.after', count))
  if (!(decay.factor > 0 && decay.factor <= 1))
    throw new HabaError('cafe', 'decay.factor in (0, 1]', `${decay.factor}`, 'Mend the option.')
  const fresh = (key: Key, networks: number): State => {
    const { weights, state } = network.init(key)
    return { training: { weights, state, velocity: {} } as Training, networks, steps: 0, watch: stop.empty }
  }
  const changed = augmentation && switched(augmentation)
  const trainerOn = oncePerEngine((engine) => trainer({ engine, network, ...(augmentation && { augmentation }) }))
  return {
    kind: 'sum',
    name: 'cafe',
    init: (key) => ({ params: {}, state: fresh(fold(key, 'network'), 0) }),
    pace: ({ networks }) => decay.factor ** decay.after.filter((count) => networks >= count).length,
    async draw(key, from) {
      const { weights, state } = from.state.training
      const classes = await drawClasses(key, from, { realPerClass, views, augmentation })
      return {
        // Copies: what is drawn is disposed by the caller, the state is not.
        common: copyOf({ weights, state }) as Common,
        items: [{ classes: widened(classes, changed, from.layout.image) }],
      }
    },
    term(set, _, { weights, state }, { classes }) {
      const seen = (images: readonly Tensor4D[]) => ({
        taps: tapsOf(network.apply(weights, joined(images, classes, changed), { kind: 'train', state })),
        counts: countsOf(images),
      })
      const terms = cafeTerms(
        seen(classes.map(({ real }) => real)),
        seen(classes.map(({ rows }) => set.render(rows).images)),
      )
      const weighed = weightsFor(terms.layers.length, layerWeights).map((weight, i) => mul(terms.layers[i]!, weight))
      return [...weighed, mul(terms.discrimination, discrimination)].reduce((total, term) => add(total, term)) as Scalar
    },
    async advance(key, from) {
      const on = trainerOn(from.engine)
      const measured = await measure(on, from.state.training, from.real, stop, fold(key, 'watch'))
      const watch = stop.add(from.state.watch, measured, from.real.classes)
      const steps = from.state.steps + 1
      if (stop.replaces(watch, steps)) {
        disposeTree(from.state.training)
        return fresh(fold(key, 'network'), from.state.networks + 1)
      }
      return {
        networks: from.state.networks,
        training: await trainUntil(on, key, from, stop, { rate: networkRate, batch: networkBatch }),
        steps,
        watch,
      }
    },
  }
}

function weightsFor(layers: number, given: readonly number[] | undefined): readonly number[] {
  if (given && given.length !== layers)
    throw new HabaError(
      'cafe',
      `${layers} layer weights`,
      `${given.length}`,
      'Give one a map, and one for the features.',
    )
  return given ?? Array.from({ length: layers }, (_, i) => (i < layers - 3 ? 0.1 : 1))
}

/** Trains the network on the updated set until its accuracy on real images has moved. */
async function trainUntil(
  on: Trainer,
  key: Key,
  from: AdvanceContext<State>,
  stop: DynamicStop,
  settings: { readonly rate: number; readonly batch: number },
): Promise<Training> {
  let { training } = from.state
  let watch = stop.empty
  for (let epoch = 0; !stop.resumes(watch, epoch); epoch++) {
    const own = fold(fold(key, 'epoch'), epoch)
    const next = await trainEpoch(on, training, own, from, settings)
    disposeTree(training)
    training = next
    watch = stop.add(watch, await measure(on, training, from.real, stop, fold(own, 'watch')), from.real.classes)
  }
  return training
}

/** Accuracy on random real images, as many of each class. */
async function measure(
  { test }: Trainer,
  training: Training,
  real: RealSource,
  { perClass }: DynamicStop,
  key: Key,
): Promise<number> {
  const chosen = Int32Array.from(
    indicesByClass(real.labels, real.classes).flatMap((members, label) => [
      ...drawSome(fold(key, label), members, perClass),
    ]),
  )
  const source: RealSource = {
    ...real,
    labels: chosen.map((index) => real.labels[index]!),
    images: (indices) => real.images(indices.map((i) => chosen[i]!)),
  }
  return (await test(training, source)).accuracy
}
