import { fromNoise, fromReal, keyFrom, type Plugin } from '@haba/core'
import { count, countPerClass, entry, flag, nameIn, positive, Type } from '@haba/core/options'
import { canvas } from './canvas.js'
import { openExperts } from './experts.js'
import { featureEntries } from './feature-entries.js'
import { gradientEntries } from './gradient-entries.js'
import { expertLabels, ownLabels, trajectoryMatching } from './trajectory-matching.js'

const labels = { own: ownLabels, experts: expertLabels } as const
const starts = { real: fromReal, noise: fromNoise } as const

/** Names for configuration files. */
export const plugin: Plugin = {
  parameterizations: {
    canvas: entry({
      title: "MTT's textures",
      summary: "MTT's textures: canvases larger than an image; the set is crops of them",
      options: Type.Object({
        perClass: countPerClass('canvases a class: a number, or one for each class', 1),
        size: count("a canvas's sides, in sides of an image", 2),
        crops: count('places that each canvas is cropped at', 64),
        cropSeed: count('where those places are', 0, 0),
        start: nameIn(starts, 'what canvases are tiled with at first', 'real'),
      }),
      make: ({ cropSeed, start, ...options }, context) =>
        canvas({ ...context, ...options, key: keyFrom(cropSeed), start: starts[start] }),
    }),
  },
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
