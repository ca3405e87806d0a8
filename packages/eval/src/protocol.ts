import type { Tensor4D } from '@tensorflow/tfjs-core'
import { canonicalHash, div, mean, sqrt, square, sub, sum, type Augmentation, type Mixing } from '@haba/core'

/** A stretch of epochs at one rate. */
export interface Phase {
  /** Its first epoch, counted from 0. */
  readonly epoch: number
  /** Factor of the protocol's rate. */
  readonly factor: number
  /** Whether a new optimizer is made, whose momentum starts at zero. */
  readonly newOptimizer: boolean
}

/** How a network is trained on a set before it is tested: a named value, printed with every result. */
export interface Protocol {
  readonly name: string
  /** Raised whenever numbers under this name would change. */
  readonly version: number
  /** Epochs trained. The released codes of DC and its successors train one more than their option says. */
  readonly epochs: number
  /** Images a step. */
  readonly batch: number
  readonly rate: number
  /** Where the rate comes from: it is `fixed`, `learned` with the set, or chosen on held-out data. */
  readonly rateFrom: 'fixed' | 'learned' | 'validation'
  readonly momentum: number
  /** Added to the gradient of every weight, as `weightDecay · p`. */
  readonly weightDecay: number
  /** The first begins at epoch 0. */
  readonly phases: readonly Phase[]
  /** For training batches; a draw for each image. */
  readonly augmentation?: Augmentation
  /** For training batches, last. */
  readonly mixing?: Mixing
  /** For training and test batches. */
  readonly transform?: BatchTransform
  /** Images a test batch: it matters only where `transform` mixes them. */
  readonly testBatch: number
  /** How the reported number is chosen, in words. */
  readonly choice: string
}

/** A named change of whole batches. */
export interface BatchTransform {
  readonly name: string
  readonly apply: (images: Tensor4D) => Tensor4D
}

/**
 * HaBa's hidden protocol: every batch, in training and in testing, is shifted and scaled by one mean and one (unbiased)
 * deviation over all its values (`utils.epoch` in the released code).
 */
export const batchStandardization: BatchTransform = {
  name: 'batch standardization',
  apply: (images) => {
    const centered = sub(images, mean(images))
    const deviation = sqrt(div(sum(square(centered)), images.size - 1))
    return div(centered, deviation)
  },
}

/** The learning rate of an epoch, `0 … epochs-1`. */
export const rateAt = ({ phases, rate }: Protocol, epoch: number): number =>
  rate * phases.filter((phase) => phase.epoch <= epoch).at(-1)!.factor

/** A protocol as plain data for reports and manifests, with its hash. */
export function describeProtocol(protocol: Protocol): Readonly<Record<string, unknown>> {
  return { ...plain(protocol), hash: protocolHash(protocol) }
}

/**
 * The first 12 hexadecimal digits of the SHA-256 of all settings of a protocol, as JSON with sorted names. A rate that
 * was learned or chosen is left out: it is the set's, and two sets measured alike share one hash.
 */
export function protocolHash(protocol: Protocol): string {
  const { rate, choice: _, transform, ...rest } = plain(protocol)
  const known = { ...rest, transform: earlier[transform] ?? transform }
  const hashed = protocol.rateFrom === 'fixed' ? { ...known, rate } : known
  return canonicalHash(hashed).slice(0, 12)
}

/** What hashes are made with where a name has changed since: results of earlier versions keep their hash. */
const earlier: Readonly<Record<string, string>> = {
  [batchStandardization.name]: 'batch standardisation', // earlier name
}

const plain = ({ augmentation, mixing, transform, ...rest }: Protocol) => ({
  ...rest,
  augmentation: augmentation?.name ?? 'none',
  mixing: mixing?.name ?? 'none',
  transform: transform?.name ?? 'none',
})
