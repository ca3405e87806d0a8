import type { DatasetContext, DatasetEntry } from '@haba/core'
import { count, datasetEntry, flag, nameIn, tuple, Type, type Static } from '@haba/core/options'
import type { Color } from './alpha.js'
import { imageFolderShape } from './folder-shape.js'
import { imageFolder } from './image-folder.js'
import { imageNet } from './imagenet.js'
import { imagefruit, imagemeow, imagenette, imagesquawk, imagewoof, imageyellow } from './imagenet-subsets.js'
import { npz } from './npz.js'
import { parquet } from './parquet.js'
import {
  fetched,
  fixedPreprocessingOf,
  folder,
  preprocessing,
  preprocessingOf,
  preprocessingOnDisk,
  toldBy,
} from './plugin-options.js'
import { bilinear, smooth } from './resize.js'
import { tinyImageNet } from './tiny-imagenet.js'

const subsets = { imagenette, imagewoof, imagemeow, imagesquawk, imagefruit, imageyellow } as const
const resizes = { bilinear, smooth } as const

const size = (options: { readonly default?: readonly number[]; readonly description: string }) =>
  tuple<readonly [height: number, width: number]>(2, Type.Integer({ minimum: 1 }), options)
const texts = (description: string) => Type.Array(Type.String({ minLength: 1 }), { minItems: 1, description })
const files = (description: string) => Type.Array(folder('a file'), { minItems: 1, description })

/** Common options of folders and parquet files. */
const images = {
  size: Type.Optional(size({ description: 'height and width to resize to (default: images have one size already)' })),
  channels: Type.Enum([1, 3], { default: 3, description: "3: color, 1: gray, as convert('L') of PIL" }),
  orient: flag('whether images are turned as their EXIF orientation says', true),
  background: Type.Optional(
    tuple<Color>(3, Type.Number({ minimum: 0, maximum: 255 }), {
      description: 'red, green and blue that transparent images are laid over (default: white, [255, 255, 255])',
    }),
  ),
  range: Type.Optional(
    tuple<readonly [black: number, white: number]>(2, Type.Number(), {
      description: 'values that become black and white, of images with more than 8 bits (default: [0, 65535])',
    }),
  ),
  skipCorrupt: flag('whether images that cannot be read are left out, and counted in the report'),
  testFraction: Type.Optional(
    Type.Number({
      exclusiveMinimum: 0,
      exclusiveMaximum: 1,
      description: 'the part of every class that is held out of the training images, as the test images',
    }),
  ),
  testSeed: count('which images testFraction holds out', 0, 0),
}
const classNames = Type.Optional(
  Type.Array(Type.String(), { minItems: 1, description: 'in the order of the labels (default: as the files say)' }),
)
const name = (byDefault: string) =>
  Type.Optional(Type.String({ description: `what reports call the data (default: the name of ${byDefault})` }))

const imageNetProperties = {
  folder: folder('holds train/<WordNet id>/* and val/<WordNet id>/*'),
  size: size({ default: [128, 128], description: 'height and width to resize to' }),
  resize: nameIn(resizes, 'bilinear makes the published images; smooth has antialiasing', 'bilinear'),
  ...preprocessingOnDisk,
}
const imageNetOptions = Type.Object(imageNetProperties)

const imageNetOf = (
  { resize, preprocessing, ...options }: Static<typeof imageNetOptions>,
  context: DatasetContext,
) => ({ ...options, resize: resizes[resize], preprocessing: fixedPreprocessingOf(preprocessing, context) })

/** Names for data sets whose images are files, or inside files. */
export const imageTable: Readonly<Record<string, DatasetEntry>> = {
  'image-folder': datasetEntry({
    summary: 'images in train/<class>/* and test/<class>/* (or val): PNG, JPEG, WebP, GIF, TIFF, AVIF, BMP',
    shape: ({ preprocessing: _, epsilon: __, ...options }) => imageFolderShape(options),
    options: Type.Object({
      root: folder('holds the folders train and test (or val); with testFraction, train or the class folders'),
      train: Type.Optional(folder('holds one folder a class (default: train in root)')),
      test: Type.Optional(folder('holds one folder a class (default: test in root, else val)')),
      name: name('root'),
      include: Type.Optional(texts('which files are images, such as *.png or owl/** (default: all but hidden files)')),
      exclude: Type.Optional(texts('files or class folders that are left out, such as *.txt or unsorted')),
      ...images,
      cache: Type.Optional(Type.String({ format: 'written-path', description: 'a file to keep decoded pixels in' })),
      ...preprocessing('none'),
    }),
    make: ({ preprocessing, epsilon, ...options }, context) =>
      imageFolder({
        ...options,
        preprocessing: preprocessingOf(preprocessing, epsilon, context),
        ...toldBy(context),
      }),
  }),
  parquet: datasetEntry({
    summary: 'images in parquet files, as Hugging Face hosts them',
    options: Type.Object({
      folder: folder('files named train… and test… (or val…), or folders of such names'),
      trainSplit: Type.Optional(
        Type.String({ minLength: 1, description: 'how the training files are named (default: train…)' }),
      ),
      testSplit: Type.Optional(
        Type.String({ minLength: 1, description: 'how the test files are named (default: test…, else val…)' }),
      ),
      train: Type.Optional(files('the training files, in order (default: those of folder)')),
      test: Type.Optional(files('the test files, in order (default: those of folder)')),
      name: name('folder'),
      imageColumn: Type.String({ default: 'image', description: 'the column of images' }),
      labelColumn: Type.String({ default: 'label', description: 'the column of labels: numbers or names' }),
      classNames,
      ...images,
      ...preprocessing('none'),
    }),
    make: ({ preprocessing, epsilon, ...options }, context) =>
      parquet({
        ...options,
        preprocessing: preprocessingOf(preprocessing, epsilon, context),
        ...toldBy(context),
      }),
  }),
  npz: datasetEntry({
    summary: 'images and labels as NumPy arrays of one file, as Keras and MedMNIST name them',
    options: Type.Object({
      file: folder('what numpy.savez wrote'),
      name: name('file'),
      arrays: Type.Optional(
        Type.Array(Type.String({ minLength: 1 }), {
          minItems: 2,
          maxItems: 4,
          description: 'names of training images and labels, test images and labels (default: the usual ones)',
        }),
      ),
      channelsFirst: Type.Optional(
        Type.Boolean({ description: 'whether channels come before rows (default: as the shape says)' }),
      ),
      classNames,
      testFraction: images.testFraction,
      testSeed: images.testSeed,
      ...preprocessing('none'),
    }),
    make: ({ preprocessing, epsilon, ...options }, context) =>
      npz({
        ...options,
        preprocessing: preprocessingOf(preprocessing, epsilon, context),
        onWarning: toldBy(context).onWarning,
      }),
  }),
  'tiny-imagenet': datasetEntry({
    summary: 'Tiny ImageNet, 64 × 64 × 3, 200 classes; images stay on disk',
    shape: () => ({ image: [64, 64, 3], classes: 200 }),
    options: Type.Object({
      folder: fetched('the unpacked tiny-imagenet-200', 'tiny-imagenet'),
      ...preprocessingOnDisk,
    }),
    make: ({ preprocessing, ...options }, context) =>
      tinyImageNet({ ...options, preprocessing: fixedPreprocessingOf(preprocessing, context) }),
  }),
  imagenet: datasetEntry({
    summary: 'ImageNet, 1000 classes or as many as there are folders; images stay on disk',
    options: imageNetOptions,
    make: (options, context) => imageNet(imageNetOf(options, context)),
  }),
  'imagenet-subset': datasetEntry({
    summary: 'ten classes of ImageNet, 128 × 128 × 3; images stay on disk',
    shape: ({ size: [height, width] }) => ({ image: [height, width, 3], classes: 10 }),
    options: Type.Object({
      ...imageNetProperties,
      subset: nameIn(subsets, 'which ten, in the order of MTT and HaBa'),
    }),
    make: ({ subset, ...options }, context) => imageNet({ ...imageNetOf(options, context), subset: subsets[subset] }),
  }),
}
