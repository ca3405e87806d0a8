/** Plain images, distilled by distribution matching (DM): the shortest complete program. */
import { keyFrom, pixels, sgd } from '@haba/core'
import { mnist } from '@haba/datasets'
import { distill, expand } from '@haba/distill'
import { onnxEngine } from '@haba/engine-onnx'
import { evaluateSet, protocols } from '@haba/eval'
import { distributionMatching } from '@haba/matching'
import { convNet } from '@haba/networks'

const { train, test, image, classes } = await mnist()
const engine = onnxEngine()
const network = convNet({ image, classes, depth: 2, width: 16 })
const parameterization = pixels({ image, classes, perClass: 2 })
const spec = {
  engine,
  key: keyFrom(1),
  real: train,
  parameterization,
  objective: distributionMatching({ network, realPerClass: 64 }),
  optimizer: sgd({ learningRate: 1, momentum: 0.5 }),
  steps: 20,
}

for await (const { step, loss, state } of distill(spec)) {
  if (step % 5 === 0) console.log(`step ${step}: loss ${loss.toFixed(2)}`)
  if (step < spec.steps) continue
  const set = await expand(engine, parameterization, state.set)
  const protocol = { ...protocols.dsa({}), epochs: 50 }
  const { mean } = await evaluateSet(set, { engine, network, protocol, test, key: keyFrom(2), networks: 1 })
  console.log(`a network trained on ${set.layout.slots} images: ${(100 * mean).toFixed(1)} % of the test images`)
}
