import type { Plugin } from '@haba/core'
import { featureEntries } from './features/feature-entries.js'
import { gradientEntries } from './gradient/gradient-entries.js'
import { openExperts } from './trajectory/experts.js'
import { expertLabels, ownLabels, trajectoryMatching } from './trajectory/trajectory-matching.js'
import { entry, flag, nameIn, positive, Type, count } from '@haba/core/options'

const labels = { own: ownLabels, experts: expertLabels } as const

/** Names for configuration files. */
export const plugin: Plugin = {
  objectives: {
    ...featureEntries,
    ...gradientEntries,
    'trajectory-matching': entry({
      summary: 'MTT: a student trained on the set ends where an expert on real data was some epochs later',
      options: Type.Object({
        experts: Type.String({ format: 'path', description: 'folder written by `haba experts`' }),
        limit: Type.Optional(count('use the first experts only')),
        steps: count('student steps', 20),
        expertEpochs: count("expert epochs that the student's steps should equal", 3),
        maxStartEpoch: count('the student starts at an expert epoch below this', 25),
        batch: Type.Optional(count('synthetic images a student step (default: all)')),
        mixViews: flag('draw a view for each image of a student step (default: one for the whole batch, as published)'),
        learningRate: positive("the student's first step size", 0.01),
        momentum: Type.Number({
          minimum: 0,
          exclusiveMaximum: 1,
          default: 0,
          description: "of the student's SGD; published: none",
        }),
        labels: nameIn(
          labels,
          "the student's targets: the set's own, or at every step what its expert says of the images (TESLA as released)",
          'own',
        ),
      }),
      make: async ({ experts, limit, labels: name, ...options }, { network, augmentation }) =>
        trajectoryMatching({
          network,
          experts: await openExperts(experts, network, limit),
          ...options,
          labels: labels[name],
          ...(augmentation && { augmentation }),
        }),
    }),
  },
}
