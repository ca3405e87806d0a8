import type { ObjectiveContext, PluginEntry, AnyObjective, ViewCount } from '@haba/core'
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

const count = (description: string, byDefault: number, minimum = 1) => ({
  type: 'integer',
  minimum,
  default: byDefault,
  description,
})
const distance = (byDefault: keyof typeof distances) => ({
  enum: Object.keys(distances),
  default: byDefault,
  description: 'of two gradients; the last two are over convolution kernels alone',
})

/** Options that DC and DCC share. */
const properties = (published: string) => ({
  realPerClass: count('real images a class and step', 256),
  views: viewsOption,
  distance: distance('layerwise-cosine'),
  loopsFor: {
    type: 'integer',
    minimum: 1,
    description: `the published loops for so many images a class (${published}), instead of outer and inner`,
  },
  outer: count('steps under one network', 1),
  inner: count('epochs that the network trains on the set between two steps', 1, 0),
  networkRate: { type: 'number', exclusiveMinimum: 0, default: 0.01, description: "the network's own rate" },
  networkBatch: count('images a step of its training', 256),
})

type Options = Readonly<Record<string, unknown>>

const shared = (
  options: Options,
  { network, augmentation }: ObjectiveContext,
  published: (imagesPerClass: number) => Loops,
): GradientMatchingOptions => ({
  network,
  realPerClass: options.realPerClass as number,
  views: options.views as ViewCount,
  distance: distances[options.distance as keyof typeof distances],
  loops:
    options.loopsFor === undefined
      ? { outer: options.outer as number, inner: options.inner as number }
      : published(options.loopsFor as number),
  networkRate: options.networkRate as number,
  networkBatch: options.networkBatch as number,
  ...(augmentation && { augmentation }),
})

/** The objectives that match gradients, by the names of configuration files. */
export const gradientEntries: Readonly<Record<string, PluginEntry<ObjectiveContext, AnyObjective>>> = {
  'gradient-matching': {
    summary: 'DC, and DSA with an augmentation: the gradients that a class gives a network match',
    options: { type: 'object', properties: properties('1, 10, 20, 30, 40, 50') },
    make: (options, context) => gradientMatching(shared(options, context, dcLoops)),
  },
  'contrastive-signals': {
    summary: 'DCC, and DSAC with an augmentation: the gradients of all classes are summed, then match',
    options: {
      type: 'object',
      properties: {
        ...properties('1, 10, 50'),
        networkWarmUp: count('networks before classes are summed at once', dccWarmUps.networks, 0),
        turnWarmUp: count('steps under one network before they are summed', dccWarmUps.turns, 0),
      },
    },
    make: (options, context) =>
      contrastiveSignals({
        ...shared(options, context, dccLoops),
        warmUps: { networks: options.networkWarmUp as number, turns: options.turnWarmUp as number },
      }),
  },
  idc: {
    summary: 'IDC: gradients over convolution kernels match, under networks that train on real images',
    options: {
      type: 'object',
      properties: {
        realPerClass: count('real images a class and step', 64),
        distance: distance('convolution-squared'),
        syntheticPerClass: count('images of a class of the set, over all views, that a step sees at most', 128),
        turns: count('steps under one network', 100),
        networkImages: count('real images that the network trains on between two steps', 2000),
      },
    },
    make: (options, { network, augmentation, training }) =>
      idcMatching({
        network,
        realPerClass: options.realPerClass as number,
        syntheticPerClass: options.syntheticPerClass as number,
        distance: distances[options.distance as keyof typeof distances],
        turns: options.turns as number,
        networkImages: options.networkImages as number,
        ...(augmentation && { augmentation }),
        ...(training?.augmentation && { networkAugmentation: training.augmentation }),
        ...(training?.mixing && { networkMixing: training.mixing }),
      }),
  },
}
