import { keyFrom, trainer, type Training } from '@haba/core'
import { toPyTorch } from '@haba/networks'
import type { Tensor4D } from '@tensorflow/tfjs-core'
import { stated, type GoldenCase } from '../golden-case.js'
import { imageShapeOf, imagesOf, integersOf, listed, oneHotOf, rowsAt } from '../layouts.js'
import { storedConvNet } from '../networks.js'

/** The evaluator's training steps, batches in order. */
export const evaluationSteps: GoldenCase = async ({ engine, what, tensor, group }) => {
  const [images, labels, losses] = [imagesOf(tensor('images')), integersOf(tensor('labels')), tensor('losses')]
  const { network, classes, weights, state } = storedConvNet(group('start.'), imageShapeOf(tensor('images')))
  const train = trainer({
    engine,
    network,
    momentum: stated(what, 'momentum', 0.9),
    weightDecay: stated(what, 'weight decay', 5e-4),
  })
  const size = stated(what, 'batches of', labels.length / losses.size)
  // A fresh start lends its zero velocity.
  let training: Training = { ...train.start(keyFrom(0)), weights, state }
  const got: number[] = []
  for (let i = 0; i < losses.size; i++) {
    const indices = Array.from({ length: Math.min(size, labels.length - i * size) }, (_, row) => i * size + row)
    const targets = oneHotOf(
      indices.map((index) => labels[index]!),
      classes,
    )
    const batch = { images: rowsAt(images, indices) as Tensor4D, targets }
    const { next, loss } = await train.step(training, batch, stated(what, 'lr', 0.02), keyFrom(0))
    training = next
    got.push(loss)
  }
  const final = toPyTorch(network, { weights: training.weights, state: {} })
  return {
    losses: { expected: losses, got: listed(...got), order: 1 },
    ...Object.fromEntries(
      Object.entries(group('final.')).map(([name, expected]) => [
        `final.${name}`,
        { expected, got: final[name]!, order: 1 as const },
      ]),
    ),
  }
}
