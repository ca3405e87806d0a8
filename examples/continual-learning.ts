/** Class-incremental learning: two classes at a time, a distilled memory of each pair, networks trained on all memory so far. */
import { foldIn, keyFrom, pixels, sgd, type RenderedSet } from '@haba/core'
import { mnist } from '@haba/datasets'
import { distill, expand } from '@haba/distill'
import { onnxEngine } from '@haba/engine-onnx'
import { continual, numpyPermutation, protocols, relabeled, spreadClasses } from '@haba/eval'
import { distributionMatching } from '@haba/matching'
import { convNet } from '@haba/networks'

const { train, test, image, classes: all } = await mnist()
const engine = onnxEngine()
const key = keyFrom(1)

/** Ten images of each of these classes, distilled from their training images alone. */
async function memory(classes: readonly number[], step: number): Promise<RenderedSet> {
  const network = convNet({ image, classes: classes.length, depth: 2, width: 16 })
  const parameterization = pixels({ image, classes: classes.length, perClass: 10 })
  const spec = {
    engine,
    key: foldIn(key, step),
    real: relabeled(train, classes),
    parameterization,
    objective: distributionMatching({ network, realPerClass: 64 }),
    optimizer: sgd({ learningRate: 1, momentum: 0.5 }),
    steps: 10,
  }
  for await (const { step, state } of distill(spec))
    if (step === spec.steps) return spreadClasses(await expand(engine, parameterization, state.set), classes, all)
  throw new Error('no step was taken')
}

await continual({
  engine,
  key,
  test,
  memory,
  order: numpyPermutation(0, all),
  steps: 5,
  network: convNet({ image, classes: all, depth: 2, width: 16 }),
  protocol: { ...protocols.dsa({}), epochs: 20 },
  networks: 1,
  onStep: ({ step, seen, accuracy }) =>
    console.log(`step ${step}: ${seen.length} classes, ${(100 * accuracy.mean).toFixed(1)} % of their test images`),
})
