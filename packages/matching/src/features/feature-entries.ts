import type { Plugin } from '@haba/core'
import { count, entry, nameIn, positive, Type, weight } from '@haba/core/options'
import { dynamicStop, leakingAccuracy, plainAccuracy } from './cafe-stop.js'
import { cafe, cafeDecay } from './cafe.js'
import { asPublished, classByClass, classesTogether, distributionMatching } from './distribution-matching.js'

/** Of objectives that compare classes. */
export const viewsOption = Type.Union([Type.Enum(['all']), Type.Integer({ minimum: 1 })], {
  default: 'all',
  description: "views of a class's slots that a step sees; fewer than all pull the views onto each other",
})
const groupings = { published: asPublished, 'class-by-class': classByClass, together: classesTogether } as const
const accumulations = { plain: plainAccuracy, 'as-released': leakingAccuracy } as const

/** Names of the objectives that match features. */
export const featureEntries: NonNullable<Plugin['objectives']> = {
  'distribution-matching': entry({
    summary: 'DM: the mean embedding of every class under random networks matches that of real images',
    options: Type.Object({
      realPerClass: count('real images a class and step', 256),
      views: viewsOption,
      grouping: nameIn(
        groupings,
        'classes that share a batch; published: all with batch normalization, else one at a time for small memory',
        'published',
      ),
    }),
    make: ({ grouping, ...options }, { network, augmentation }) =>
      distributionMatching({
        network,
        ...options,
        grouping: groupings[grouping],
        ...(augmentation && { augmentation }),
      }),
  }),
  cafe: entry({
    summary: "CAFE: every layer's class means match, and real features find their class by the synthetic centers",
    options: Type.Object({
      realPerClass: count('real images a class and step', 256),
      views: viewsOption,
      layerWeights: Type.Optional(
        Type.Array(Type.Number({ minimum: 0 }), {
          minItems: 1,
          description:
            'one for each map, shallow to deep, and for the features (default: 1 for the last three, else 0.1)',
        }),
      ),
      discrimination: weight('weight of the discrimination loss, a sum over real images', 0.01),
      window: count('measurements of accuracy that are compared', 10, 2),
      settled: weight('a network is replaced once its accuracies differ by less', 0.04),
      moved: weight('the set moves again once the accuracies differ by more', 0.03),
      watched: count('real images a class and measurement', 128),
      maxSteps: Type.Optional(count('most steps under one network (default: no bound, as published)')),
      maxEpochs: count('most epochs that the network trains on the set between two steps', 100, 0),
      accumulation: nameIn(
        accumulations,
        "of accuracies; as-released leaks a share of each into the next, which made the paper's numbers",
        'plain',
      ),
      networkRate: positive("the network's own rate", 0.01),
      networkBatch: count("batch of the network's own training", 256),
      decayAfter: Type.Array(Type.Integer({ minimum: 1 }), {
        default: [...cafeDecay.after],
        description: "networks after which the set's rate drops; empty: never",
      }),
      decayFactor: Type.Number({
        exclusiveMinimum: 0,
        maximum: 1,
        default: cafeDecay.factor,
        description: 'of the rate at each drop',
      }),
    }),
    make: (
      { window, settled, moved, watched, maxSteps, maxEpochs, accumulation, decayAfter, decayFactor, ...options },
      { network, augmentation },
    ) =>
      cafe({
        network,
        ...options,
        decay: { after: decayAfter, factor: decayFactor },
        stop: dynamicStop({
          window,
          settled,
          moved,
          maxEpochs,
          perClass: watched,
          accumulation: accumulations[accumulation],
          ...(maxSteps !== undefined && { maxSteps }),
        }),
        ...(augmentation && { augmentation }),
      }),
  }),
}
