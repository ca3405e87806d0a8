import type { Plugin } from '@haba/core'
import { featureEntries } from './features/feature-entries.js'
import { gradientEntries } from './gradient/gradient-entries.js'
import { openExperts } from './trajectory/experts.js'
import { expertLabels, ownLabels, trajectoryMatching } from './trajectory/trajectory-matching.js'

const count = (description: string, byDefault: number, minimum = 1) => ({
  type: 'integer',
  minimum,
  default: byDefault,
  description,
})

const labels = { own: ownLabels, experts: expertLabels } as const

/** Names for configuration files. */
export const plugin: Plugin = {
  objectives: {
    ...featureEntries,
    ...gradientEntries,
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
          mixViews: {
            type: 'boolean',
            default: false,
            description:
              'draw a view for each image of a student step (default: one for the whole batch, as published)',
          },
          learningRate: {
            type: 'number',
            exclusiveMinimum: 0,
            default: 0.01,
            description: "the student's first step size",
          },
          momentum: {
            type: 'number',
            minimum: 0,
            exclusiveMaximum: 1,
            default: 0,
            description: "of the student's SGD; published: none",
          },
          labels: {
            enum: Object.keys(labels),
            default: 'own',
            description:
              "the student's targets: the set's own, or at every step what its expert says of the images (TESLA as released)",
          },
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
          mixViews: options.mixViews as boolean,
          learningRate: options.learningRate as number,
          momentum: options.momentum as number,
          labels: labels[options.labels as keyof typeof labels],
          ...(options.batch !== undefined && { batch: options.batch as number }),
          ...(augmentation && { augmentation }),
        }),
    },
  },
}
