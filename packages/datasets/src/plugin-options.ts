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
import { standardise } from './standardise.js'

const constants = {
  mnist: mnistConstants,
  'fashion-mnist': fashionMnistConstants,
  svhn: svhnConstants,
  cifar10: cifar10Constants,
  cifar100: cifar100Constants,
  imagenet: imageNetConstants,
} as const

/** Options as a configuration gives them: valid, and complete but for those without a default. */
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

const standardised = 'standardisation: by the constants of a named set, or by mean and std a channel'

/** What every dataset in memory takes: how pixels become what networks see. */
export const preprocessing = (byDefault: string) => ({
  preprocessing: choice(['none', 'zca'], byDefault, `none, ZCA whitening, or ${standardised}`),
  epsilon: { type: 'number', exclusiveMinimum: 0, default: 0.1, description: 'of ZCA: added to every eigenvalue' },
})

/** What datasets on disk take: nothing that must see all images first. */
export const preprocessingOnDisk = {
  preprocessing: choice(['none'], 'imagenet', `none, or ${standardised}`),
  cacheBytes: {
    type: 'integer',
    minimum: 0,
    default: 2 ** 30,
    description: 'decoded pixels kept in memory; images stay on disk, and are decoded when they are asked for',
  },
}

/** The value that a configuration's `preprocessing` names. */
export function preprocessingOf(options: Options, { engine }: DatasetContext): Preprocessing | Fit {
  return options.preprocessing === 'zca'
    ? zca({ engine, epsilon: options.epsilon as number })
    : fixedPreprocessingOf(options)
}

/** The same where ZCA is no choice. */
export function fixedPreprocessingOf({ preprocessing: chosen }: Options): Preprocessing {
  if (chosen === 'none') return identity()
  return standardise(
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
