import type { Tensor4D } from '@tensorflow/tfjs-core'
import { canonicalHash, div, mean, sqrt, square, sub, sum, type Augmentation, type Mixing } from '@haba/core'

/** A phase of epochs at one learning rate. */
export interface Phase {
  /** Its first epoch, from 0. */
  readonly epoch: number
  /** Multiplies the protocol's learning rate. */
  readonly factor: number
  /** Whether a new optimizer starts, with zero velocity. */
  readonly newOptimizer: boolean
}

/** How a network is trained on a set before its test. Named, and printed with every result. */
export interface Protocol {
  readonly name: string
  /** Raised when a change of the protocol would change results. */
  readonly version: number
  /** Epochs actually trained. The released codes of DC and its successors train one more than their option says. */
  readonly epochs: number
  /** Images per step. */
  readonly batch: number
  readonly rate: number
  /** Whether the learning rate is fixed, learned with the set, or chosen on held-out data. */
  readonly rateFrom: 'fixed' | 'learned' | 'validation'
  readonly momentum: number
  /** Added to the gradient of every weight as `weightDecay · p`. */
  readonly weightDecay: number
  /** In order; the first starts at epoch 0. */
  readonly phases: readonly Phase[]
  /** Applied to training batches, with a separate draw for each image. */
  readonly augmentation?: Augmentation
  /** Applied to training batches, last. */
  readonly mixing?: Mixing
  /** Applied to training and test batches. */
  readonly transform?: BatchTransform
  /** Images per test batch; matters only if `transform` depends on the batch. */
  readonly testBatch: number
  /** How the reported number was chosen, in words. */
  readonly choice: string
}

/** A named transform of whole batches. */
export interface BatchTransform {
  readonly name: string
  readonly apply: (images: Tensor4D) => Tensor4D
}

/**
 * HaBa's undocumented batch standardization (`utils.epoch` in the released code): every batch, in training and testing, is
 * standardized by the mean and the unbiased standard deviation of all its values.
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
 * The first 12 hexadecimal digits of the SHA-256 of a protocol's settings, as JSON with sorted names. A learned or chosen
 * learning rate is left out because it belongs to the set: sets with the same protocol share a hash.
 */
export function protocolHash(protocol: Protocol): string {
  const { rate, choice: _, transform, ...rest } = plain(protocol)
  const known = { ...rest, transform: earlier[transform] ?? transform }
  const hashed = protocol.rateFrom === 'fixed' ? { ...known, rate } : known
  return canonicalHash(hashed).slice(0, 12)
}

/** Earlier names, for hashes: results of earlier versions keep their hash. */
const earlier: Readonly<Record<string, string>> = {
  [batchStandardization.name]: 'batch standardisation', // earlier name
}

const plain = ({ augmentation, mixing, transform, ...rest }: Protocol) => ({
  ...rest,
  augmentation: augmentation?.name ?? 'none',
  mixing: mixing?.name ?? 'none',
  transform: transform?.name ?? 'none',
})
