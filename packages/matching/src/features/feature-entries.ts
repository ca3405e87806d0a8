import type { Plugin, ViewCount } from '@haba/core'
import { dynamicStop, leakingAccuracy, plainAccuracy, type DynamicStopOptions } from './cafe-stop.js'
import { cafe, cafeDecay } from './cafe.js'
import { asPublished, classByClass, classesTogether, distributionMatching } from './distribution-matching.js'

const count = (description: string, byDefault?: number, minimum = 1) => ({
  type: 'integer',
  minimum,
  ...(byDefault !== undefined && { default: byDefault }),
  description,
})
const positive = (description: string, byDefault: number) => ({
  type: 'number',
  exclusiveMinimum: 0,
  default: byDefault,
  description,
})
const weight = (description: string, byDefault: number) => ({
  type: 'number',
  minimum: 0,
  default: byDefault,
  description,
})
/** Of objectives that compare classes. */
export const viewsOption = {
  anyOf: [{ enum: ['all'] }, { type: 'integer', minimum: 1 }],
  default: 'all',
  description: "views of a class's slots that a step sees; fewer than all pull the views onto each other",
}
const groupings = { published: asPublished, 'class-by-class': classByClass, together: classesTogether } as const
const accumulations = { plain: plainAccuracy, 'as-released': leakingAccuracy } as const

/** Names of the objectives that match features. */
export const featureEntries: NonNullable<Plugin['objectives']> = {
  'distribution-matching': {
    summary: 'DM: the mean embedding of every class under random networks matches that of real images',
    options: {
      type: 'object',
      properties: {
        realPerClass: count('real images a class and step', 256),
        views: viewsOption,
        grouping: {
          enum: Object.keys(groupings),
          default: 'published',
          description:
            'classes that share a batch; published: all with batch normalization, else one at a time for small memory',
        },
      },
    },
    make: (options, { network, augmentation }) =>
      distributionMatching({
        network,
        realPerClass: options.realPerClass as number,
        views: options.views as ViewCount,
        grouping: groupings[options.grouping as keyof typeof groupings],
        ...(augmentation && { augmentation }),
      }),
  },
  cafe: {
    summary: "CAFE: every layer's class means match, and real features find their class by the synthetic centers",
    options: {
      type: 'object',
      properties: {
        realPerClass: count('real images a class and step', 256),
        views: viewsOption,
        layerWeights: {
          type: 'array',
          items: { type: 'number', minimum: 0 },
          minItems: 1,
          description:
            'one for each map, shallow to deep, and for the features (default: 1 for the last three, else 0.1)',
        },
        discrimination: weight('weight of the discrimination loss, a sum over real images', 0.01),
        window: count('measurements of accuracy that are compared', 10, 2),
        settled: weight('a network is replaced once its accuracies differ by less', 0.04),
        moved: weight('the set moves again once the accuracies differ by more', 0.03),
        watched: count('real images a class and measurement', 128),
        maxSteps: count('most steps under one network (default: no bound, as published)'),
        maxEpochs: count('most epochs that the network trains on the set between two steps', 100, 0),
        accumulation: {
          enum: Object.keys(accumulations),
          default: 'plain',
          description: "of accuracies; as-released leaks a share of each into the next, which made the paper's numbers",
        },
        networkRate: positive("the network's own rate", 0.01),
        networkBatch: count("batch of the network's own training", 256),
        decayAfter: {
          type: 'array',
          items: { type: 'integer', minimum: 1 },
          default: [...cafeDecay.after],
          description: "networks after which the set's rate drops; empty: never",
        },
        decayFactor: {
          type: 'number',
          exclusiveMinimum: 0,
          maximum: 1,
          default: cafeDecay.factor,
          description: 'of the rate at each drop',
        },
      },
    },
    make: (options, { network, augmentation }) => {
      const { window, settled, moved, maxSteps, maxEpochs } = options as DynamicStopOptions
      return cafe({
        network,
        realPerClass: options.realPerClass as number,
        views: options.views as ViewCount,
        discrimination: options.discrimination as number,
        networkRate: options.networkRate as number,
        networkBatch: options.networkBatch as number,
        decay: { after: options.decayAfter as readonly number[], factor: options.decayFactor as number },
        stop: dynamicStop({
          ...({ window, settled, moved, maxEpochs } as DynamicStopOptions),
          perClass: options.watched as number,
          accumulation: accumulations[options.accumulation as keyof typeof accumulations],
          ...(maxSteps !== undefined && { maxSteps }),
        }),
        ...(options.layerWeights !== undefined && { layerWeights: options.layerWeights as readonly number[] }),
        ...(augmentation && { augmentation }),
      })
    },
  },
}
