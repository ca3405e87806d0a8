import type { DatasetContext, Preprocessing } from '@haba/core'
import { nameIn, positive, Type } from '@haba/core/options'
import {
  cifar10Constants,
  cifar100Constants,
  fashionMnistConstants,
  imageNetConstants,
  mnistConstants,
  svhnConstants,
  type ChannelConstants,
} from './constants.js'
import type { DecodingProgress } from './decode-images.js'
import type { Fault } from './findings.js'
import { zca } from './fit-zca.js'
import { identity } from './identity.js'
import type { Fit } from './pixels.js'
import { standardize } from './standardize.js'

const constants = {
  mnist: mnistConstants,
  'fashion-mnist': fashionMnistConstants,
  svhn: svhnConstants,
  cifar10: cifar10Constants,
  cifar100: cifar100Constants,
  imagenet: imageNetConstants,
} as const

/** A path. */
export const folder = (description: string) => Type.String({ format: 'path', description })

/** A path that need not be given: `haba data get` puts files where loaders look. */
export const fetched = (holds: string, name: string) =>
  Type.Optional(folder(`${holds} (default: where \`haba data get ${name}\` puts them)`))

const channels = Type.Array(Type.Number(), { minItems: 1 })
const ofChannels = Type.Object({ mean: channels, std: channels }, { additionalProperties: false })
const standardized = 'standardization: by the constants of a named set, or by mean and std a channel'

const onDisk = { none: undefined, ...constants }
const inMemory = { none: undefined, zca: undefined, ...constants }

/** Options of every dataset in memory: how pixels are preprocessed. */
export const preprocessing = (byDefault: keyof typeof inMemory) => ({
  preprocessing: Type.Union([nameIn(inMemory), ofChannels], {
    default: byDefault,
    description: `none, ZCA whitening, or ${standardized}`,
  }),
  epsilon: positive('of ZCA: added to every eigenvalue', 0.1),
})

/** Options of datasets on disk: no preprocessing that must see all images first. */
export const preprocessingOnDisk = {
  preprocessing: Type.Union([nameIn(onDisk), ofChannels], {
    default: 'imagenet',
    description: `none, or ${standardized}`,
  }),
  cacheBytes: Type.Integer({
    minimum: 0,
    default: 2 ** 30,
    description: 'decoded pixels kept in memory; images stay on disk, and are decoded when they are asked for',
  }),
}

/** The value that a configuration's `preprocessing` names, or the one to use instead. */
export function preprocessingOf(
  chosen: keyof typeof inMemory | ChannelConstants,
  epsilon: number,
  context: DatasetContext,
): Preprocessing | Fit {
  if (chosen !== 'zca') return fixedPreprocessingOf(chosen, context)
  return context.preprocessing ?? zca({ engine: context.engine, epsilon })
}

/** The same without ZCA. */
export function fixedPreprocessingOf(
  chosen: keyof typeof onDisk | ChannelConstants,
  { preprocessing: instead }: DatasetContext,
): Preprocessing {
  if (instead) return instead
  if (chosen === 'none') return identity()
  return standardize(typeof chosen === 'string' ? constants[chosen] : chosen)
}

/** Tells how far decoding has come, and which images cannot be used; warnings are said by who reads them of the dataset. */
export const toldBy = ({ onProgress, onFault }: DatasetContext) => ({
  onProgress: ({ half, done, total }: DecodingProgress) => onProgress?.(`decoding ${half} images, ${done} of ${total}`),
  onFault: ({ where, what }: Fault) => onFault?.(`${where}: ${what}`),
  onWarning: () => {},
})
