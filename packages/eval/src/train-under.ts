import { disposeTree, fold, permutation, type Batch, type Key, type Trainer, type Training } from '@haba/core'
import { rateAt, type Protocol } from './protocol.js'

/** What a network is trained on: `items` things, and how some of them become a batch. */
export interface TrainingData {
  readonly items: number
  /** Rows of the items in a batch; the key is for what else is drawn. The caller owns the batch. */
  batch(rows: Int32Array, key: Key): Promise<Batch>
}

/** Options of `trainUnder`. */
export interface TrainUnderOptions {
  readonly train: Trainer
  readonly protocol: Protocol
  readonly data: TrainingData
  readonly key: Key
  /** Where to begin; it is disposed. @default a fresh network */
  readonly start?: Training
}

/** A network after an epoch. */
export interface TrainedEpoch {
  /** From 0. */
  readonly epoch: number
  readonly rate: number
  /** Of the last batch, before its step. */
  readonly loss: number
  /** Disposed when the next epoch is asked for; the last one is the caller's. */
  readonly training: Training
}

/** Trains one network exactly as a protocol says, an epoch at a time. */
export async function* trainUnder(options: TrainUnderOptions): AsyncGenerator<TrainedEpoch, void, void> {
  const { train, protocol, data, key } = options
  let training = options.start ?? train.start(fold(key, 'weights'))
  const renewed = new Set(protocol.phases.filter((phase) => phase.newOptimizer).map((phase) => phase.epoch))
  for (let epoch = 0; epoch < protocol.epochs; epoch++) {
    const own = fold(fold(key, 'epoch'), epoch)
    if (epoch > 0 && renewed.has(epoch)) {
      const restarted = train.restart(training)
      disposeTree(training.velocity)
      training = restarted
    }
    const rate = rateAt(protocol, epoch)
    const order = permutation(fold(own, 'order'), data.items)
    let loss = NaN
    for (let at = 0; at < data.items; at += protocol.batch) {
      const batch = await data.batch(order.slice(at, at + protocol.batch), fold(fold(own, 'views'), at))
      const stepped = await train.step(training, batch, rate, fold(fold(own, 'augment'), at))
      disposeTree(training, batch)
      training = stepped.next
      loss = stepped.loss
    }
    yield { epoch, rate, loss, training }
  }
}
