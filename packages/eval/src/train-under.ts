import { disposeTree, foldIn, permutation, type Batch, type Key, type Trainer, type Training } from '@haba/core'
import { rateAt, type Protocol } from './protocol.js'

/** Training data: the number of items, and a function that makes a batch of some. */
export interface TrainingData {
  readonly items: number
  /** Makes a batch of these items; the key is for random choices such as views. The caller owns the batch. */
  batch(rows: Int32Array, key: Key): Promise<Batch>
}

/** Options of `trainUnder`. */
export interface TrainUnderOptions {
  readonly train: Trainer
  readonly protocol: Protocol
  readonly data: TrainingData
  readonly key: Key
  /** The initial network, which is disposed. @default a fresh network */
  readonly start?: Training
  /** Called after every step with the steps so far and in total. */
  readonly onStep?: (step: number, steps: number) => void
}

/** A network after an epoch. */
export interface TrainedEpoch {
  /** From 0. */
  readonly epoch: number
  readonly rate: number
  /** Loss of the last batch, before its step. */
  readonly loss: number
  /** Disposed when the next epoch is requested; the caller owns the last one. */
  readonly training: Training
}

/** Trains one network under a protocol and yields after every epoch. */
export async function* trainUnder(options: TrainUnderOptions): AsyncGenerator<TrainedEpoch, void, void> {
  const { train, protocol, data, key, onStep } = options
  const steps = protocol.epochs * Math.ceil(data.items / protocol.batch)
  let step = 0
  let training = options.start ?? train.start(foldIn(key, 'weights'))
  const renewed = new Set(protocol.phases.filter((phase) => phase.newOptimizer).map((phase) => phase.epoch))
  for (let epoch = 0; epoch < protocol.epochs; epoch++) {
    const own = foldIn(foldIn(key, 'epoch'), epoch)
    if (epoch > 0 && renewed.has(epoch)) {
      const restarted = train.restart(training)
      disposeTree(training.velocity)
      training = restarted
    }
    const rate = rateAt(protocol, epoch)
    const order = permutation(foldIn(own, 'order'), data.items)
    let loss = NaN
    for (let at = 0; at < data.items; at += protocol.batch) {
      const batch = await data.batch(order.slice(at, at + protocol.batch), foldIn(foldIn(own, 'views'), at))
      const stepped = await train
        .step(training, batch, rate, foldIn(foldIn(own, 'augment'), at))
        .catch((error: unknown) => {
          disposeTree(training, batch)
          throw error
        })
      disposeTree(training, batch)
      training = stepped.next
      loss = stepped.loss
      onStep?.(++step, steps)
    }
    yield { epoch, rate, loss, training }
  }
}
