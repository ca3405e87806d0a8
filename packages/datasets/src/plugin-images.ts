import type { DatasetContext, DatasetEntry } from '@haba/core'
import { imageFolderShape } from './folder-shape.js'
import { imageFolder, type ImageFolderOptions } from './image-folder.js'
import { imageNet, type ImageNetOptions } from './imagenet.js'
import { imagefruit, imagemeow, imagenette, imagesquawk, imagewoof, imageyellow } from './imagenet-subsets.js'
import { npz, type NpzOptions } from './npz.js'
import { parquet, type ParquetOptions } from './parquet.js'
import {
  fetched,
  fixedPreprocessingOf,
  folder,
  given,
  preprocessing,
  preprocessingOf,
  preprocessingOnDisk,
  toldBy,
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
const list = (items: Readonly<Record<string, unknown>>, description: string) => ({
  type: 'array',
  items,
  minItems: 1,
  description,
})
const numbers = (count: number, description: string, items: Readonly<Record<string, unknown>> = {}) => ({
  type: 'array',
  items: { type: 'number', ...items },
  minItems: count,
  maxItems: count,
  description,
})
const patterns = { type: 'string', minLength: 1 }

/** Common options of folders and parquet files. */
const images = {
  size: size({ description: 'height and width to resize to (default: images have one size already)' }),
  channels: { enum: [1, 3], default: 3, description: "3: color, 1: gray, as convert('L') of PIL" },
  orient: { type: 'boolean', default: true, description: 'whether images are turned as their EXIF orientation says' },
  background: numbers(
    3,
    'red, green and blue that transparent images are laid over (default: white, [255, 255, 255])',
    {
      minimum: 0,
      maximum: 255,
    },
  ),
  range: numbers(2, 'values that become black and white, of images with more than 8 bits (default: [0, 65535])'),
  skipCorrupt: {
    type: 'boolean',
    default: false,
    description: 'whether images that cannot be read are left out, and counted in the report',
  },
  testFraction: {
    type: 'number',
    exclusiveMinimum: 0,
    exclusiveMaximum: 1,
    description: 'the part of every class that is held out of the training images, as the test images',
  },
  testSeed: { type: 'integer', minimum: 0, default: 0, description: 'which images testFraction holds out' },
}
const classNames = list({ type: 'string' }, 'in the order of the labels (default: as the files say)')
const imageNames = Object.keys(images) as readonly (keyof typeof images)[]
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

const makeImageNet = (options: Options, context: DatasetContext) =>
  imageNet({
    folder: options.folder as string,
    resize: resizes[options.resize as keyof typeof resizes],
    preprocessing: fixedPreprocessingOf(options, context),
    ...(options.subset !== undefined && { subset: subsets[options.subset as keyof typeof subsets] }),
    ...given<ImageNetOptions>(options, 'size', 'cacheBytes'),
  })

const folderOptions = (options: Options) =>
  given<ImageFolderOptions>(options, 'root', 'train', 'test', 'name', 'include', 'exclude', 'cache', ...imageNames)

/** Names for data sets whose images are files, or inside files. */
export const imageTable: Readonly<Record<string, DatasetEntry>> = {
  'image-folder': {
    summary: 'images in train/<class>/* and test/<class>/* (or val): PNG, JPEG, WebP, GIF, TIFF, AVIF, BMP',
    shape: (options) => imageFolderShape(folderOptions(options)),
    options: {
      type: 'object',
      properties: {
        root: folder('holds the folders train and test (or val); with testFraction, train or the class folders'),
        train: folder('holds one folder a class (default: train in root)'),
        test: folder('holds one folder a class (default: test in root, else val)'),
        name: name('root'),
        include: list(patterns, 'which files are images, such as *.png or owl/** (default: all but hidden files)'),
        exclude: list(patterns, 'files or class folders that are left out, such as *.txt or unsorted'),
        ...images,
        cache: { ...folder('a file to keep decoded pixels in'), format: 'written-path' },
        ...preprocessing('none'),
      },
      required: ['root'],
    },
    make: (options, context) =>
      imageFolder({
        preprocessing: preprocessingOf(options, context),
        ...toldBy(context),
        ...folderOptions(options),
      }),
  },
  parquet: {
    summary: 'images in parquet files, as Hugging Face hosts them',
    options: {
      type: 'object',
      properties: {
        folder: folder('files named train… and test… (or val…), or folders of such names'),
        trainSplit: { type: 'string', minLength: 1, description: 'how the training files are named (default: train…)' },
        testSplit: {
          type: 'string',
          minLength: 1,
          description: 'how the test files are named (default: test…, else val…)',
        },
        train: list(folder('a file'), 'the training files, in order (default: those of folder)'),
        test: list(folder('a file'), 'the test files, in order (default: those of folder)'),
        name: name('folder'),
        imageColumn: { type: 'string', default: 'image', description: 'the column of images' },
        labelColumn: { type: 'string', default: 'label', description: 'the column of labels: numbers or names' },
        classNames,
        ...images,
        ...preprocessing('none'),
      },
      required: ['folder'],
    },
    make: (options, context) =>
      parquet({
        preprocessing: preprocessingOf(options, context),
        ...toldBy(context),
        ...given<ParquetOptions>(
          options,
          'folder',
          'trainSplit',
          'testSplit',
          'train',
          'test',
          'name',
          'imageColumn',
          'labelColumn',
          'classNames',
          ...imageNames,
        ),
      }),
  },
  npz: {
    summary: 'images and labels as NumPy arrays of one file, as Keras and MedMNIST name them',
    options: {
      type: 'object',
      properties: {
        file: folder('what numpy.savez wrote'),
        name: name('file'),
        arrays: {
          ...list(patterns, 'names of training images and labels, test images and labels (default: the usual ones)'),
          minItems: 2,
          maxItems: 4,
        },
        channelsFirst: {
          type: 'boolean',
          description: 'whether channels come before rows (default: as the shape says)',
        },
        classNames,
        testFraction: images.testFraction,
        testSeed: images.testSeed,
        ...preprocessing('none'),
      },
      required: ['file'],
    },
    make: (options, context) =>
      npz({
        file: options.file as string,
        preprocessing: preprocessingOf(options, context),
        onWarning: toldBy(context).onWarning,
        ...given<NpzOptions>(options, 'name', 'arrays', 'channelsFirst', 'classNames', 'testFraction', 'testSeed'),
      }),
  },
  'tiny-imagenet': {
    summary: 'Tiny ImageNet, 64 × 64 × 3, 200 classes; images stay on disk',
    shape: () => ({ image: [64, 64, 3], classes: 200 }),
    options: {
      type: 'object',
      properties: { folder: fetched('the unpacked tiny-imagenet-200', 'tiny-imagenet'), ...preprocessingOnDisk },
    },
    make: (options, context) =>
      tinyImageNet({
        preprocessing: fixedPreprocessingOf(options, context),
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
