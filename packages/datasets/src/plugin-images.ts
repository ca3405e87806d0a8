import type { DatasetEntry } from '@haba/core'
import { imageFolderShape } from './folder-shape.js'
import { imageFolder, type ImageFolderOptions } from './image-folder.js'
import { imageNet, type ImageNetOptions } from './imagenet.js'
import { imagefruit, imagemeow, imagenette, imagesquawk, imagewoof, imageyellow } from './imagenet-subsets.js'
import { parquet, type ParquetOptions } from './parquet.js'
import {
  fetched,
  fixedPreprocessingOf,
  folder,
  given,
  preprocessing,
  preprocessingOf,
  preprocessingOnDisk,
  told,
  type Options,
} from './plugin-options.js'
import { bilinear, smooth } from './resize.js'
import { tinyImageNet, type TinyImageNetOptions } from './tiny-imagenet.js'

const subsets = { imagenette, imagewoof, imagemeow, imagesquawk, imagefruit, imageyellow } as const
const resizes = { bilinear, smooth } as const

const size = (byDefault: Readonly<Record<string, unknown>>) => ({
  type: 'array',
  items: { type: 'integer', minimum: 1 },
  minItems: 2,
  maxItems: 2,
  ...byDefault,
})
const oneSize = { description: 'height and width to resize to (default: images have one size already)' }
const channels = { enum: [1, 3], default: 3, description: '3: colour, 1: grey' }
const name = (byDefault: string) => ({
  type: 'string',
  description: `what reports call the data (default: the name of ${byDefault})`,
})

const imageNetProperties = {
  folder: folder('holds train/<WordNet id>/* and val/<WordNet id>/*'),
  size: size({ default: [128, 128], description: 'height and width to resize to' }),
  resize: {
    enum: Object.keys(resizes),
    default: 'bilinear',
    description: 'bilinear makes the published images; smooth has antialiasing',
  },
  ...preprocessingOnDisk,
}

const makeImageNet = (options: Options) =>
  imageNet({
    folder: options.folder as string,
    resize: resizes[options.resize as keyof typeof resizes],
    preprocessing: fixedPreprocessingOf(options),
    ...(options.subset !== undefined && { subset: subsets[options.subset as keyof typeof subsets] }),
    ...given<ImageNetOptions>(options, 'size', 'cacheBytes'),
  })

/** Names for data sets whose images are files, or inside files. */
export const imageTable: Readonly<Record<string, DatasetEntry>> = {
  'image-folder': {
    summary: 'PNG and JPEG images in train/<class>/* and test/<class>/*',
    shape: (options) => imageFolderShape(given<ImageFolderOptions>(options, 'root', 'size', 'channels')),
    options: {
      type: 'object',
      properties: {
        root: folder('holds the folders train and test'),
        name: name('root'),
        size: size(oneSize),
        channels,
        cache: folder('a file to keep decoded pixels in'),
        ...preprocessing('none'),
      },
      required: ['root'],
    },
    make: (options, context) =>
      imageFolder({
        preprocessing: preprocessingOf(options, context),
        onProgress: told(context),
        ...given<ImageFolderOptions>(options, 'root', 'name', 'size', 'channels', 'cache'),
      }),
  },
  parquet: {
    summary: 'images in parquet files, as Hugging Face hosts them',
    options: {
      type: 'object',
      properties: {
        folder: folder('files named train… and test… (or val…), or folders of such names'),
        name: name('folder'),
        imageColumn: { type: 'string', default: 'image', description: 'the column of images' },
        labelColumn: { type: 'string', default: 'label', description: 'the column of labels: numbers or names' },
        classNames: {
          type: 'array',
          items: { type: 'string' },
          minItems: 1,
          description: 'in the order of the labels (default: as the files say)',
        },
        size: size(oneSize),
        channels,
        ...preprocessing('none'),
      },
      required: ['folder'],
    },
    make: (options, context) =>
      parquet({
        preprocessing: preprocessingOf(options, context),
        onProgress: told(context),
        ...given<ParquetOptions>(
          options,
          'folder',
          'name',
          'imageColumn',
          'labelColumn',
          'classNames',
          'size',
          'channels',
        ),
      }),
  },
  'tiny-imagenet': {
    summary: 'Tiny ImageNet, 64 × 64 × 3, 200 classes; images stay on disk',
    shape: () => ({ image: [64, 64, 3], classes: 200 }),
    options: {
      type: 'object',
      properties: { folder: fetched('the unpacked tiny-imagenet-200', 'tiny-imagenet'), ...preprocessingOnDisk },
    },
    make: (options) =>
      tinyImageNet({
        preprocessing: fixedPreprocessingOf(options),
        ...given<TinyImageNetOptions>(options, 'folder', 'cacheBytes'),
      }),
  },
  imagenet: {
    summary: 'ImageNet, 1000 classes or as many as there are folders; images stay on disk',
    options: { type: 'object', properties: imageNetProperties, required: ['folder'] },
    make: makeImageNet,
  },
  'imagenet-subset': {
    summary: 'ten classes of ImageNet, 128 × 128 × 3; images stay on disk',
    shape: ({ size }) => ({ image: [...(size as [number, number]), 3], classes: 10 }),
    options: {
      type: 'object',
      properties: {
        ...imageNetProperties,
        subset: { enum: Object.keys(subsets), description: 'which ten, in the order of MTT and HaBa' },
      },
      required: ['folder', 'subset'],
    },
    make: makeImageNet,
  },
}
