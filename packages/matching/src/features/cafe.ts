import type { Tensor4D } from '@tensorflow/tfjs-core'
import {
  checkCount,
  checkArguments,
  add,
  copyOf,
  disposeOnThrow,
  disposeTree,
  drawSome,
  foldIn,
  HabaError,
  indicesByClass,
  mul,
  oncePerEngine,
  trainer,
  type AdvanceContext,
  type Augmentation,
  type HasLearningRateScale,
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
import { checkViews } from '../check.js'
import { countsOf, drawClasses, joined, type ClassBatch } from '../class-batch.js'
import { switched, widened } from '../switched.js'
import { trainEpoch } from '../train-epoch.js'

/** Options of `cafe`. */
export interface CafeOptions {
  /** Its maps are matched layer by layer, with its features last. */
  readonly network: Network
  /** Siamese, one draw a class. Also used when the network trains. */
  readonly augmentation?: Augmentation
  /** Real images a class. @default 256 */
  readonly realPerClass?: number
  /**
   * Views of a class's slots that a step sees: all, or so many distinct ones. With fewer than all, the loss has a term
   * that makes the views of a basis alike: the variance between views, times `(views left out) / (n · (all - 1))`.
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

/** A rate that falls with the number of networks: how many steps each is used for is known only afterwards. */
export interface NetworkDecay {
  /** Networks after which the rate drops. */
  readonly after: readonly number[]
  /** Factor of the rate at each drop, `(0, 1]`. */
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
 * CAFE (Wang et al., CVPR 2022): the class means of every layer's maps match those of real images, and real features
 * find their class by the synthetic class centers. The one item holds all classes, since the centers need them. A step
 * is one move of the set; the network trains on the set between steps, and both loops end by its accuracy on real
 * images.
 *
 * The released code also adds the cross-entropy of the real images, which has no gradient with respect to the set; it
 * is left out here. `leakingAccuracy` is the difference between its dynamic stop and the paper's.
 *
 * @throws HabaError for counts below 1, weights that are not one a layer, or a factor of decay outside `(0, 1]`
 */
export function cafe(options: CafeOptions): SumObjective<Common, Item, None, State> & HasLearningRateScale<State> {
  const {
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
  } = checkArguments('cafe', options, { network: 'network', augmentation: 'augmentation?' })
  checkCount('cafe', 'realPerClass', realPerClass)
  checkViews('cafe', views)
  checkCount('cafe', 'networkBatch', networkBatch)
  decay.after.forEach((count) => checkCount('cafe', 'decay.after', count))
  if (!(decay.factor > 0 && decay.factor <= 1))
    throw new HabaError('cafe', 'decay.factor in (0, 1]', `${decay.factor}`, '')
  const fresh = (key: Key, networks: number): State => {
    const { weights, state } = network.init(key)
    return { training: { weights, state, velocity: {} }, networks, steps: 0, watch: stop.empty }
  }
  const changed = augmentation && switched(augmentation)
  const trainerOn = oncePerEngine((engine) => trainer({ engine, network, ...(augmentation && { augmentation }) }))
  return {
    kind: 'sum',
    name: 'cafe',
    init: (key) => ({ params: {}, state: fresh(foldIn(key, 'network'), 0) }),
    learningRateScale: ({ networks }) => decay.factor ** decay.after.filter((count) => networks >= count).length,
    async draw(key, from) {
      const { weights, state } = from.state.training
      const classes = await drawClasses(key, from, { realPerClass, views, augmentation })
      return {
        // Copies: what is drawn is disposed by the caller, the state is not.
        common: copyOf({ weights, state }),
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
      return [...weighed, mul(terms.discrimination, discrimination)].reduce((total, term) => add(total, term))
    },
    async advance(key, from) {
      const on = trainerOn(from.engine)
      const measured = await measure(on, from.state.training, from.real, stop, foldIn(key, 'watch'))
      const watch = stop.add(from.state.watch, measured, from.real.classes)
      const steps = from.state.steps + 1
      if (stop.replaces(watch, steps)) {
        disposeTree(from.state.training)
        return fresh(foldIn(key, 'network'), from.state.networks + 1)
      }
      return {
        networks: from.state.networks,
        training: await trainUntil(on, key, from, stop, { learningRate: networkRate, batch: networkBatch }),
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
  settings: { readonly learningRate: number; readonly batch: number },
): Promise<Training> {
  return disposeOnThrow(async (own) => {
    let { training } = from.state
    let watch = stop.empty
    for (let epoch = 0; !stop.resumes(watch, epoch); epoch++) {
      const ofEpoch = foldIn(foldIn(key, 'epoch'), epoch)
      const next = own(await trainEpoch(on, training, ofEpoch, from, settings))
      disposeTree(training)
      training = next
      watch = stop.add(watch, await measure(on, training, from.real, stop, foldIn(ofEpoch, 'watch')), from.real.classes)
    }
    return training
  })
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
      ...drawSome(foldIn(key, label), members, perClass),
    ]),
  )
  const source: RealSource = {
    ...real,
    labels: chosen.map((index) => real.labels[index]!),
    images: (indices) => real.images(indices.map((i) => chosen[i]!)),
  }
  return (await test(training, source)).accuracy
}
