import type { Tensor4D } from '@tensorflow/tfjs-core'
import { disposeTree, softmax, tensor, type RenderedSet, type Tree } from '@haba/core'
import { observeTraining } from '@haba/coreset'
import { evaluateSet, selectionAsSet, summarize, type Accuracy } from '@haba/eval'
import type { SelectionSettings } from '../config/config.js'
import { randomImages } from './chosen-images.js'
import { optionsOf, type Measure } from './evaluate-rows.js'
import { keyFor } from '../assemble/parts.js'
import { accuracyText } from '../tell/tables.js'

/** Measures random real images, drawn for every network, with soft labels of a network trained on all data. */
export async function measureTaughtRandom(
  perClass: readonly number[],
  measure: Measure,
  { epochs, learningRate }: SelectionSettings,
  what: string,
): Promise<Accuracy> {
  const { parts, engine, progress } = measure
  const { network, augmentation, data, key } = parts
  const { trained } = await observeTraining({
    engine,
    network,
    real: data.train,
    key: keyFor(key, 'select'),
    epochs,
    learningRate,
    counts: false,
    ...(augmentation && { augmentation }),
    onStep: (step, steps) => progress.count('training a teacher on all images: step', step, steps, ''),
  })
  const classify = engine.compile(`${network.name}/taught`, (weights: Tree, state: Tree, images: Tensor4D) =>
    softmax(network.apply(weights, images, { kind: 'evaluate', state }).logits),
  )
  const taught = async (set: RenderedSet): Promise<RenderedSet> => {
    const images = tensor(set.images, [set.layout.slots, ...set.layout.image])
    const labels = await classify(trained.weights, trained.state, images)
    const targets = ((await labels.data()) as Float32Array).slice()
    disposeTree(images, labels)
    return { ...set, targets }
  }
  const options = optionsOf(
    measure,
    what,
    perClass.reduce((sum, count) => sum + count, 0),
  )
  const accuracies: number[] = []
  for (let i = 0; i < measure.networks; i++) {
    const drawn = await selectionAsSet(data.train, randomImages(data.train, perClass, keyFor(key, 'random'), i))
    accuracies.push((await evaluateSet(await taught(drawn), { ...options, networks: 1, first: i })).mean)
  }
  disposeTree(trained)
  const accuracy = summarize(accuracies)
  progress.say(`${what}: ${accuracyText(accuracy)}`)
  return accuracy
}
