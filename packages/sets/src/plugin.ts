import { fromNoise, fromReal, type Plugin } from '@haba/core'
import { count, countPerClass, entry, nameIn, positive, Type } from '@haba/core/options'
import { fred } from './fred.js'
import { gaussians } from './gaussians.js'
import { lowRank } from './low-rank.js'
import { partEntries } from './part-entries.js'
import { rtp } from './rtp.js'

const stored = {
  perClass: Type.Optional(
    countPerClass('stored images a class: a number, or one for each class (instead of imagesPerClass)'),
  ),
  imagesPerClass: Type.Optional(
    positive('as many stored images as fit into the floats of so many real ones a class (instead of perClass)'),
  ),
}
const starts = { real: fromReal, noise: fromNoise } as const

/** Names for configuration files. */
export const plugin: Plugin = {
  parameterizations: {
    ...partEntries,
    fred: entry({
      title: 'FreD',
      summary: 'FreD: DCT coefficients of each image at the frequencies that vary most in its class',
      options: Type.Object({
        ...stored,
        coefficients: count('stored coefficients of an image and channel'),
        maskImages: count(
          'real images of each class that its frequencies are chosen by, or as many as the smallest class has',
          500,
          2,
        ),
        start: nameIn(starts, 'the images whose coefficients are the start', 'real'),
      }),
      make: ({ start, ...options }, context) => fred({ ...context, ...options, start: starts[start] }),
    }),
    gaussians: entry({
      title: 'GSDD',
      summary: 'GSDD: images as sums of two-dimensional Gaussians',
      options: Type.Object({
        ...stored,
        gaussians: count('Gaussians of an image; each takes 6 floats and one for each channel'),
        start: nameIn(starts, 'the images whose colors Gaussians start with', 'real'),
        fitSteps: count('steps of Adam that fit the start to real images before distilling; 0 leaves it out', 500, 0),
        fitRate: positive("Adam's step size in the fit", 0.05),
      }),
      make: ({ start, ...options }, context) => gaussians({ ...context, ...options, start: starts[start] }),
    }),
    'low-rank': entry({
      summary: 'each channel of an image is a product of two thin matrices',
      options: Type.Object({
        ...stored,
        rank: count("of every channel, at most the image's smaller side", 2),
        start: nameIn(starts, 'noise: random factors; real: the best approximations of real images', 'noise'),
      }),
      make: ({ start, ...options }, context) =>
        lowRank({ ...context, ...options, ...(start === 'real' && { start: fromReal }) }),
    }),
    rtp: entry({
      title: 'RTP',
      summary: 'RTP: bases that all classes share; an address says how much of each an image takes',
      options: Type.Object({
        bases: count('how many', 16),
        downsample: count("sides of an image by a basis's; divides both", 2),
        addresses: Type.Optional(count('images a class (instead of imagesPerClass)')),
        imagesPerClass: Type.Optional(
          positive(
            'as many addresses as fit, with the bases, into the floats of so many real images a class (instead of addresses)',
          ),
        ),
      }),
      make: (options, context) => rtp({ ...context, ...options }),
    }),
  },
}
