import type { Tensor4D } from '@tensorflow/tfjs-core'
import { div, HabaError, mean, sqrt, square, sub, sum } from '@haba/core'
import type { Augmentation } from '@haba/core'

/** How a network is trained on a set before it is tested: a named value, printed with every result. */
export interface Protocol {
  readonly name: string
  /** Epochs are counted as the released codes run them: `epochs` of 1000 means 1001, indices 0 … 1000. */
  readonly epochs: number
  /** Images a step. */
  readonly batch: number
  readonly rate: number
  readonly momentum: number
  readonly weightDecay: number
  /** From this epoch index on the rate is `rate · factor`, with a new optimiser whose momentum starts at zero. */
  readonly drop: { readonly epoch: number; readonly factor: number }
  /** For training batches; a draw for each image. */
  readonly augmentation?: Augmentation
  /** For training and test batches. */
  readonly transform?: BatchTransform
  /** Images a test batch: it matters only where `transform` mixes them. */
  readonly testBatch: number
}

/** A named change of whole batches. */
export interface BatchTransform {
  readonly name: string
  readonly apply: (images: Tensor4D) => Tensor4D
}

/**
 * HaBa's hidden protocol: every batch, in training and in testing, is shifted and scaled by one mean and one (unbiased)
 * deviation over all its values (`utils.epoch` in the released code; spec §6.9).
 */
export const batchStandardisation: BatchTransform = {
  name: 'batch standardisation',
  apply: (images) => {
    const centred = sub(images, mean(images))
    const deviation = sqrt(div(sum(square(centred)), images.size - 1))
    return div(centred, deviation)
  },
}

/** What a released protocol leaves open. */
export interface ProtocolOptions {
  /** Learned step size for MTT and HaBa. @default 0.01 */
  readonly rate?: number
  readonly epochs?: number
  readonly augmentation?: Augmentation
  /** @default 256 */
  readonly batch?: number
}

function published(name: string, defaultEpochs: number, testBatch: number, transform?: BatchTransform) {
  return ({ rate = 0.01, epochs = defaultEpochs, batch = 256, augmentation }: ProtocolOptions = {}): Protocol => {
    if (!Number.isInteger(epochs) || epochs < 1)
      throw new HabaError(`protocol ${name}`, 'at least 1 epoch', `${epochs}`, 'Mend epochs.')
    if (!(rate > 0))
      throw new HabaError(`protocol ${name}`, 'a rate above 0', `${rate}`, 'A learned step size may have collapsed.')
    return {
      name,
      epochs,
      batch,
      rate,
      momentum: 0.9,
      weightDecay: 5e-4,
      drop: { epoch: Math.floor(epochs / 2) + 2, factor: 0.1 },
      testBatch,
      ...(augmentation && { augmentation }),
      ...(transform && { transform }),
    }
  }
}

/** The protocols of the released codes, as functions of what they leave open (spec §6.9, §9.1). */
export const protocols = {
  /** DC: 300 epochs without augmentation. */
  dc: published('dc', 300, 256),
  /** DSA and DM: 1000 epochs with the siamese augmentation, one draw an image. */
  dsa: published('dsa', 1000, 256),
  /** MTT: as DSA, at the learned step size. */
  mtt: published('mtt', 1000, 128),
  /** HaBa: as MTT, with batch standardisation and a view drawn for every image. */
  haba: published('haba', 1000, 128, batchStandardisation),
} as const

/** A protocol as plain data for reports and manifests. */
export const describeProtocol = ({
  augmentation,
  transform,
  ...numbers
}: Protocol): Readonly<Record<string, unknown>> => ({
  ...numbers,
  augmentation: augmentation?.name ?? 'none',
  transform: transform?.name ?? 'none',
})
