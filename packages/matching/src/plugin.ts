import type { Plugin } from '@haba/core'
import { distributionMatching } from './distribution-matching.js'
import { openExperts } from './experts.js'
import { globalCosine, layerwiseCosine, squaredDistance } from './gradient-distance.js'
import { gradientMatching, type Loops } from './gradient-matching.js'
import { trajectoryMatching } from './trajectory-matching.js'

const count = (description: string, byDefault: number, minimum = 1) => ({
  type: 'integer',
  minimum,
  default: byDefault,
  description,
})
const distances = {
  'layerwise-cosine': layerwiseCosine,
  squared: squaredDistance,
  'global-cosine': globalCosine,
} as const

/** Names for configuration files. */
export const plugin: Plugin = {
  objectives: {
    'distribution-matching': {
      summary: 'DM: the mean embedding of every class under random networks matches that of real images',
      options: { type: 'object', properties: { realPerClass: count('real images a class and step', 256) } },
      make: (options, { network, augmentation }) =>
        distributionMatching({
          network,
          realPerClass: options.realPerClass as number,
          ...(augmentation && { augmentation }),
        }),
    },
    'gradient-matching': {
      summary: 'DC, and DSA with an augmentation: the gradients that a class gives a network match',
      options: {
        type: 'object',
        properties: {
          realPerClass: count('real images a class and step', 256),
          distance: { enum: Object.keys(distances), default: 'layerwise-cosine', description: 'of two gradients' },
          outer: count('steps under one network', 1),
          inner: count('epochs that the network trains on the set between two steps', 1, 0),
          networkRate: { type: 'number', exclusiveMinimum: 0, default: 0.01, description: "the network's own rate" },
        },
      },
      make: (options, { network, augmentation }) =>
        gradientMatching({
          network,
          realPerClass: options.realPerClass as number,
          distance: distances[options.distance as keyof typeof distances],
          loops: { outer: options.outer, inner: options.inner } as Loops,
          networkRate: options.networkRate as number,
          ...(augmentation && { augmentation }),
        }),
    },
    'trajectory-matching': {
      summary: 'MTT: a student trained on the set ends where an expert on real data was some epochs later',
      options: {
        type: 'object',
        properties: {
          experts: { type: 'string', format: 'path', description: 'folder written by `haba experts`' },
          limit: { type: 'integer', minimum: 1, description: 'use the first experts only' },
          steps: count('student steps', 20),
          expertEpochs: count("expert epochs that the student's steps should equal", 3),
          maxStartEpoch: count('the student starts at an expert epoch below this', 25),
          batch: { type: 'integer', minimum: 1, description: 'synthetic images a student step (default: all)' },
          rate: { type: 'number', exclusiveMinimum: 0, default: 0.01, description: "the student's first step size" },
        },
        required: ['experts'],
      },
      make: async (options, { network, augmentation }) =>
        trajectoryMatching({
          network,
          experts: await openExperts(options.experts as string, network, options.limit as number | undefined),
          steps: options.steps as number,
          expertEpochs: options.expertEpochs as number,
          maxStartEpoch: options.maxStartEpoch as number,
          rate: options.rate as number,
          ...(options.batch !== undefined && { batch: options.batch as number }),
          ...(augmentation && { augmentation }),
        }),
    },
  },
}
