import { disposeTree, foldIn, pixels, trainer, type Augmentation, type Training } from '@haba/core'
import { expand } from '@haba/distill'
import { onnxEngine } from '@haba/engine-onnx'
import { evaluateSet, protocols } from '@haba/eval'
import type { Check } from '../statistics.js'
import { inTurn } from './in-turn.js'
import {
  batchOf,
  classes,
  copyOf,
  image,
  key,
  network,
  realImages,
  share,
  shared,
  startWeights,
  type MakeRow,
} from './problem.js'

/** Training one network on ten images, as an evaluation does. */
export const evaluateRow: MakeRow = async ({ batch, steps }, { engine, folder }) => {
  const images = batchOf(batch)
  const set = await expand(engine, pixels({ image, classes, perClass: batch / classes }), { images: images.images })
  const protocol = protocols.mtt({ epochs: steps, augmentation: inTurn() as unknown as Augmentation })
  const test = realImages(1)
  let asked = 0

  /** The protocol's optimizer without augmentation, whose draws the two sides do not share. */
  async function check(): Promise<Check> {
    const other = onnxEngine()
    const weights = startWeights()
    await share(folder, [...shared('start', weights), ['images', images.images]])
    const { momentum, weightDecay } = protocol
    const train = trainer({ engine: other, network, momentum, weightDecay })
    let training: Training = train.restart({ ...train.start({ ...key }), weights: copyOf(weights) })
    const losses: number[] = []
    for (let i = 0; i < 4; i++) {
      const { next, loss } = await train.step(training, images, protocol.rate, { ...key })
      disposeTree(training)
      training = next
      losses.push(loss)
    }
    await other.close()
    return { 'loss before': losses[0]!, 'loss after three steps': losses[3]! }
  }

  return {
    check,
    async round(start) {
      // Each call compiles its trainer anew; the second network finds it compiled, and is the one timed.
      await engine.close()
      const { accuracies } = await evaluateSet(set, {
        engine,
        network,
        protocol,
        test,
        key: foldIn({ ...key }, asked++),
        networks: 2,
        onNetwork: (index) => index === 0 && start(),
      })
      return accuracies[1]!
    },
  }
}
