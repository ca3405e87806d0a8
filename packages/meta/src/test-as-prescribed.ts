import {
  checkArguments,
  disposeTree,
  foldIn,
  sizeOf,
  tensor,
  trainer,
  zerosOf,
  type Batch,
  type Engine,
  type Key,
  type Network,
  type PrescribedStep,
  type Prescription,
  type RealSource,
  type RenderedSet,
  type Training,
} from '@haba/core'

/** Options of `testAsPrescribed`. */
export interface TestAsPrescribedOptions {
  readonly engine: Engine
  readonly network: Network
  readonly set: RenderedSet
  /** Such as `objective.prescribe(params, layout)`. */
  readonly prescription: Prescription
  readonly test: RealSource
  readonly key: Key
  /** Networks, each with its own initial weights. @default 5 */
  readonly networks?: number
  /** Called after every step of every network. */
  readonly onStep?: () => void
  /** Called after every network. */
  readonly onNetwork?: (index: number, accuracy: number) => void
}

/**
 * DD's evaluation: networks take exactly the prescribed steps of gradient descent on the stored images, with the learned step
 * sizes and the prescribed momentum, and are tested once each.
 *
 * @returns test accuracies as fractions, one per network
 */
export async function testAsPrescribed(options: TestAsPrescribedOptions): Promise<readonly number[]> {
  checkArguments('testAsPrescribed', options, {
    engine: 'engine',
    network: 'network',
    set: 'rendered',
    prescription: 'object',
    test: 'real',
    key: 'key',
  })
  const { engine, network, set, prescription, test, key, networks = 5, onStep, onNetwork } = options
  const { momentum = 0 } = prescription
  const train = trainer({ engine, network, momentum })
  const accuracies: number[] = []
  for (let i = 0; i < networks; i++) {
    const own = foldIn(foldIn(key, 'network'), i)
    const { weights, state } = prescription.initial(network, foldIn(own, 'weights'))
    let training: Training = { weights, state, velocity: momentum ? zerosOf(weights) : {} }
    for (const step of prescription.steps) {
      const batch = batchOf(set, step)
      const { next } = await train.step(training, batch, step.learningRate, own)
      disposeTree(training, batch)
      training = next
      onStep?.()
    }
    const { accuracy } = await train.test(training, test)
    disposeTree(training)
    accuracies.push(accuracy)
    onNetwork?.(i, accuracy)
  }
  return accuracies
}

function batchOf({ layout, images, targets }: RenderedSet, { slots, views }: PrescribedStep): Batch {
  const { image, classes } = layout
  const size = sizeOf(image)
  const [pixels, rows] = [new Float32Array(slots.length * size), new Float32Array(slots.length * classes)]
  slots.forEach((slot, i) => {
    const from = views[i]! * layout.slots + slot
    pixels.set(images.subarray(from * size, (from + 1) * size), i * size)
    rows.set(targets.subarray(slot * classes, (slot + 1) * classes), i * classes)
  })
  return {
    images: tensor(pixels, [slots.length, ...image]),
    targets: tensor(rows, [slots.length, classes]),
  }
}
