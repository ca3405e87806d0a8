import {
  checkCount,
  checkArguments,
  type Augmentation,
  type Mixing,
  type Network,
  type None,
  type SumObjective,
} from '@haba/core'
import type { Carried } from './carried-network.js'
import { convolutionSquared, type GradientDistance } from './gradient-distance.js'
import { gradientMatching, type LabeledBatch } from './gradient-matching.js'
import type { MatchedNetwork } from './network-gradient.js'
import { practiceOnReal } from './practice.js'

/** Options of `idcMatching`. */
export interface IdcMatchingOptions {
  readonly network: Network
  /** @default convolutionSquared */
  readonly distance?: GradientDistance
  /** Siamese, one draw a class; IDC's is color, crop and cutout, all of them. */
  readonly augmentation?: Augmentation
  /** Steps of the set under one network (`inner_loop` in the released code). @default 100 */
  readonly turns?: number
  /** Real images a class. @default 64 */
  readonly realPerClass?: number
  /** Images of a class of the set, over all views, that a step sees: more are drawn from at random. @default 128 */
  readonly syntheticPerClass?: number
  /** Real images that the network trains on between two steps: 2000 for CIFAR, else 500. @default 2000 */
  readonly networkImages?: number
  /** Changes those images, a draw for each. */
  readonly networkAugmentation?: Augmentation
  /** Mixes them; IDC's is cutmix with probability 0.5. */
  readonly networkMixing?: Mixing
}

/**
 * IDC's matching (Kim et al., ICML 2022, algorithm 1): gradient matching over convolution kernels alone, under networks
 * that are trained on real images between steps, not on the set, so that their gradients stay large and telling. All
 * views of a class are seen at once, or 128 of them. IDC's other half, several images in one, is a parameterization. The released
 * code steps class by class within one network state; classes share no pixels, so the sum over classes differs only in when
 * momentum is spent.
 *
 * @throws HabaError for counts below 1
 */
export function idcMatching(options: IdcMatchingOptions): SumObjective<MatchedNetwork, LabeledBatch, None, Carried> {
  const {
    network,
    distance = convolutionSquared,
    augmentation,
    turns = 100,
    realPerClass = 64,
    syntheticPerClass = 128,
    networkImages = 2000,
    networkAugmentation,
    networkMixing,
  } = checkArguments('idcMatching', options, { network: 'network', augmentation: 'augmentation?' })
  checkCount('idcMatching', 'turns', turns)
  checkCount('idcMatching', 'networkImages', networkImages)
  return {
    ...gradientMatching({
      network,
      distance,
      realPerClass,
      syntheticPerClass,
      loops: { outer: turns, inner: 1 },
      practice: practiceOnReal({
        images: networkImages,
        augmentation: networkAugmentation,
        mixing: networkMixing,
      }),
      ...(augmentation && { augmentation }),
    }),
    name: augmentation ? 'IDC matching, siamese' : 'IDC matching',
  }
}
