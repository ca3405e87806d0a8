export { fitArrays, fromArrays } from './arrays.js'
export type { Arrays, ArraysOptions, Split } from './arrays.js'
export { cifar10, cifar100 } from './cifar.js'
export type { Cifar100Options, Cifar10Options } from './cifar.js'
export {
  cifar100Constants,
  cifar10Constants,
  fashionMnistConstants,
  imageNetConstants,
  mnistConstants,
  svhnConstants,
} from './constants.js'
export type { ChannelConstants } from './constants.js'
export type { DecodingProgress } from './decode-images.js'
export { fitZca, zca } from './fit-zca.js'
export type { ZcaOptions } from './fit-zca.js'
export { identity } from './identity.js'
export { readIdx } from './idx.js'
export type { Idx } from './idx.js'
export { imageFolder } from './image-folder.js'
export type { ImageFolderOptions } from './image-folder.js'
export { fashionMnist, mnist } from './mnist.js'
export type { FashionMnistOptions, MnistOptions } from './mnist.js'
export type { Fit, Images, Pixels, WholePreprocessing } from './pixels.js'
export { standardise } from './standardise.js'
export { isZca, zcaFromTensors, zcaToTensors } from './zca.js'
export type { RestoreZcaOptions, Zca, ZcaTensors } from './zca.js'
