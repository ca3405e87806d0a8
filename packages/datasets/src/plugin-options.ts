import type { DatasetContext, Preprocessing } from '@haba/core'
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

/** Options as a configuration gives them: valid, and complete except for those without a default. */
export type Options = Readonly<Record<string, unknown>>

/** A path. */
export const folder = (description: string) => ({ type: 'string', format: 'path', description })

/** A path that need not be given: `haba data get` puts files where loaders look. */
export const fetched = (holds: string, name: string) =>
  folder(`${holds} (default: where \`haba data get ${name}\` puts them)`)

const channels = { type: 'array', items: { type: 'number' }, minItems: 1 }

const choice = (names: readonly string[], byDefault: string, description: string) => ({
  anyOf: [
    { enum: [...names, ...Object.keys(constants)] },
    {
      type: 'object',
      properties: { mean: channels, std: channels },
      required: ['mean', 'std'],
      additionalProperties: false,
    },
  ],
  default: byDefault,
  description,
})

const standardized = 'standardization: by the constants of a named set, or by mean and std a channel'

/** Options of every dataset in memory: how pixels are preprocessed. */
export const preprocessing = (byDefault: string) => ({
  preprocessing: choice(['none', 'zca'], byDefault, `none, ZCA whitening, or ${standardized}`),
  epsilon: { type: 'number', exclusiveMinimum: 0, default: 0.1, description: 'of ZCA: added to every eigenvalue' },
})

/** Options of datasets on disk: no preprocessing that must see all images first. */
export const preprocessingOnDisk = {
  preprocessing: choice(['none'], 'imagenet', `none, or ${standardized}`),
  cacheBytes: {
    type: 'integer',
    minimum: 0,
    default: 2 ** 30,
    description: 'decoded pixels kept in memory; images stay on disk, and are decoded when they are asked for',
  },
}

/** The value that a configuration's `preprocessing` names, or the one to use instead. */
export function preprocessingOf(options: Options, context: DatasetContext): Preprocessing | Fit {
  return options.preprocessing === 'zca' && !context.preprocessing
    ? zca({ engine: context.engine, epsilon: options.epsilon as number })
    : fixedPreprocessingOf(options, context)
}

/** The same without ZCA. */
export function fixedPreprocessingOf(
  { preprocessing: chosen }: Options,
  { preprocessing: instead }: DatasetContext,
): Preprocessing {
  if (instead) return instead
  if (chosen === 'none') return identity()
  return standardize(
    typeof chosen === 'string' ? constants[chosen as keyof typeof constants] : (chosen as ChannelConstants),
  )
}

/** Those of some options that were given, to spread into a factory's. */
export const given = <O>(options: Options, ...names: readonly (keyof O & string)[]): Partial<O> =>
  Object.fromEntries(
    names.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]),
  ) as Partial<O>

/** Tells how far decoding has come, and which images cannot be used; warnings are said by who reads them of the dataset. */
export const toldBy = ({ onProgress, onFault }: DatasetContext) => ({
  onProgress: ({ half, done, total }: DecodingProgress) => onProgress?.(`decoding ${half} images, ${done} of ${total}`),
  onFault: ({ where, what }: Fault) => onFault?.(`${where}: ${what}`),
  onWarning: () => {},
})
