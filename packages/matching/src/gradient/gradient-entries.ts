import type { ObjectiveContext, Plugin } from '@haba/core'
import { count, entry, nameIn, positive, Type, type Static } from '@haba/core/options'
import { contrastiveSignals, dccWarmUps } from './contrastive-signals.js'
import {
  convolutionAbsolute,
  convolutionSquared,
  globalCosine,
  layerwiseCosine,
  squaredDistance,
} from './gradient-distance.js'
import { gradientMatching, type GradientMatchingOptions } from './gradient-matching.js'
import { viewsOption } from '../features/feature-entries.js'
import { idcMatching } from './idc-matching.js'
import { dccLoops, dcLoops, type Loops } from './loops.js'

const distances = {
  'layerwise-cosine': layerwiseCosine,
  squared: squaredDistance,
  'global-cosine': globalCosine,
  'convolution-squared': convolutionSquared,
  'convolution-absolute': convolutionAbsolute,
} as const

const distance = (byDefault: keyof typeof distances) =>
  nameIn(distances, 'of two gradients; the last two are over convolution kernels alone', byDefault)

/** Options that DC and DCC share. */
const properties = (published: string) => ({
  realPerClass: count('real images a class and step', 256),
  views: viewsOption,
  distance: distance('layerwise-cosine'),
  loopsFor: Type.Optional(
    count(`the published loops for so many images a class (${published}), instead of outer and inner`),
  ),
  outer: count('steps under one network', 1),
  inner: count('epochs that the network trains on the set between two steps', 1, 0),
  networkRate: positive("the network's own rate", 0.01),
  networkBatch: count('images a step of its training', 256),
})
const gradientOptions = Type.Object(properties('1, 10, 20, 30, 40, 50'))

const shared = (
  { distance, loopsFor, outer, inner, ...options }: Static<typeof gradientOptions>,
  { network, augmentation }: ObjectiveContext,
  published: (imagesPerClass: number) => Loops,
): GradientMatchingOptions => ({
  network,
  ...options,
  distance: distances[distance],
  loops: loopsFor === undefined ? { outer, inner } : published(loopsFor),
  ...(augmentation && { augmentation }),
})

/** The objectives that match gradients, by the names of configuration files. */
export const gradientEntries: NonNullable<Plugin['objectives']> = {
  'gradient-matching': entry({
    summary: 'DC, and DSA with an augmentation: the gradients that a class gives a network match',
    options: gradientOptions,
    make: (options, context) => gradientMatching(shared(options, context, dcLoops)),
  }),
  'contrastive-signals': entry({
    summary: 'DCC, and DSAC with an augmentation: the gradients of all classes are summed, then match',
    options: Type.Object({
      ...properties('1, 10, 50'),
      networkWarmUp: count('networks before classes are summed at once', dccWarmUps.networks, 0),
      turnWarmUp: count('steps under one network before they are summed', dccWarmUps.turns, 0),
    }),
    make: ({ networkWarmUp, turnWarmUp, ...options }, context) =>
      contrastiveSignals({
        ...shared(options, context, dccLoops),
        warmUps: { networks: networkWarmUp, turns: turnWarmUp },
      }),
  }),
  idc: entry({
    summary: 'IDC: gradients over convolution kernels match, under networks that train on real images',
    options: Type.Object({
      realPerClass: count('real images a class and step', 64),
      distance: distance('convolution-squared'),
      syntheticPerClass: count('images of a class of the set, over all views, that a step sees at most', 128),
      turns: count('steps under one network', 100),
      networkImages: count('real images that the network trains on between two steps', 2000),
    }),
    make: ({ distance, ...options }, { network, augmentation, training }) =>
      idcMatching({
        network,
        ...options,
        distance: distances[distance],
        ...(augmentation && { augmentation }),
        ...(training?.augmentation && { networkAugmentation: training.augmentation }),
        ...(training?.mixing && { networkMixing: training.mixing }),
      }),
  }),
}
