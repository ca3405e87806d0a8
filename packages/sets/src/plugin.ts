import { fromNoise, fromReal, type Plugin } from '@haba/core'
import { fred } from './fred.js'
import { gaussians } from './gaussians.js'
import { lowRank } from './low-rank.js'
import { partEntries } from './part-entries.js'
import { rtp } from './rtp.js'
import type { StoredImages } from './stored-images.js'

const count = { type: 'integer', minimum: 1 }
const stored = {
  perClass: {
    anyOf: [count, { type: 'array', items: count }],
    description: 'stored images a class: a number, or one for each class (instead of imagesPerClass)',
  },
  imagesPerClass: {
    type: 'number',
    exclusiveMinimum: 0,
    description: 'as many stored images as fit into the floats of so many real ones a class (instead of perClass)',
  },
}
const storedOf = ({ perClass, imagesPerClass }: Readonly<Record<string, unknown>>) =>
  ({
    ...(perClass !== undefined && { perClass }),
    ...(imagesPerClass !== undefined && { imagesPerClass }),
  }) as StoredImages
const starts = { real: fromReal, noise: fromNoise } as const

/** Names for configuration files. */
export const plugin: Plugin = {
  parameterizations: {
    ...partEntries,
    fred: {
      title: 'FreD',
      summary: 'FreD: DCT coefficients of each image at the frequencies that vary most in its class',
      options: {
        type: 'object',
        properties: {
          ...stored,
          coefficients: { ...count, description: 'stored coefficients of an image and channel' },
          maskImages: {
            type: 'integer',
            minimum: 2,
            default: 500,
            description:
              'real images of each class that its frequencies are chosen by, or as many as the smallest class has',
          },
          start: {
            enum: Object.keys(starts),
            default: 'real',
            description: 'the images whose coefficients are the start',
          },
        },
        required: ['coefficients'],
      },
      make: (options, context) =>
        fred({
          ...context,
          ...storedOf(options),
          coefficients: options.coefficients as number,
          maskImages: options.maskImages as number,
          start: starts[options.start as keyof typeof starts],
        }),
    },
    gaussians: {
      title: 'GSDD',
      summary: 'GSDD: images as sums of two-dimensional Gaussians',
      options: {
        type: 'object',
        properties: {
          ...stored,
          gaussians: { ...count, description: 'Gaussians of an image; each takes 6 floats and one for each channel' },
          start: {
            enum: Object.keys(starts),
            default: 'real',
            description: 'the images whose colors Gaussians start with',
          },
          fitSteps: {
            type: 'integer',
            minimum: 0,
            default: 500,
            description: 'steps of Adam that fit the start to real images before distilling; 0 leaves it out',
          },
          fitRate: { type: 'number', exclusiveMinimum: 0, default: 0.05, description: "Adam's step size in the fit" },
        },
        required: ['gaussians'],
      },
      make: (options, context) =>
        gaussians({
          ...context,
          ...storedOf(options),
          gaussians: options.gaussians as number,
          start: starts[options.start as keyof typeof starts],
          fitSteps: options.fitSteps as number,
          fitRate: options.fitRate as number,
        }),
    },
    'low-rank': {
      summary: 'each channel of an image is a product of two thin matrices',
      options: {
        type: 'object',
        properties: {
          ...stored,
          rank: { ...count, default: 2, description: "of every channel, at most the image's smaller side" },
          start: {
            enum: Object.keys(starts),
            default: 'noise',
            description: 'noise: random factors; real: the best approximations of real images',
          },
        },
      },
      make: (options, context) =>
        lowRank({
          ...context,
          ...storedOf(options),
          rank: options.rank as number,
          ...(options.start === 'real' && { start: fromReal }),
        }),
    },
    rtp: {
      title: 'RTP',
      summary: 'RTP: bases that all classes share; an address says how much of each an image takes',
      options: {
        type: 'object',
        properties: {
          bases: { ...count, default: 16, description: 'how many' },
          downsample: { ...count, default: 2, description: "sides of an image by a basis's; divides both" },
          addresses: { ...count, description: 'images a class (instead of imagesPerClass)' },
          imagesPerClass: {
            type: 'number',
            exclusiveMinimum: 0,
            description:
              'as many addresses as fit, with the bases, into the floats of so many real images a class (instead of addresses)',
          },
        },
      },
      make: ({ bases, downsample, addresses, imagesPerClass }, context) =>
        rtp({
          ...context,
          bases: bases as number,
          downsample: downsample as number,
          ...(addresses !== undefined && { addresses: addresses as number }),
          ...(imagesPerClass !== undefined && { imagesPerClass: imagesPerClass as number }),
        }),
    },
  },
}
