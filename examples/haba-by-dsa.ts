/** HaBa with its adversarial game: bases and hallucinators, distilled by gradient matching under augmentation (DSA). */
import { fromStrategy } from '@haba/augment'
import { keyFrom, partition, sgd } from '@haba/core'
import { mnist } from '@haba/datasets'
import { distill, expand } from '@haba/distill'
import { onnxEngine } from '@haba/engine-onnx'
import { evaluateSet, protocols } from '@haba/eval'
import { adversarialContrast, factorized } from '@haba/hallucinator'
import { gradientMatching } from '@haba/matching'
import { convNet } from '@haba/networks'

const { train, test, image, classes } = await mnist()
const engine = onnxEngine()
const network = convNet({ image, classes, depth: 2, width: 16 })
const augmentation = fromStrategy('color_crop_cutout_scale_rotate')
const parameterization = factorized({ image, classes, basesPerClass: 4, hallucinators: 3, basis: [14, 14, 1] })
const spec = {
  engine,
  key: keyFrom(1),
  real: train,
  parameterization,
  objective: gradientMatching({ network, augmentation, realPerClass: 32 }),
  games: [adversarialContrast({ network })],
  optimizer: partition({
    bases: sgd({ learningRate: 1, momentum: 0.5 }),
    hallucinators: sgd({ learningRate: 1e-3, momentum: 0.5 }),
  }),
  steps: 5,
}

for await (const { step, loss, penalties, state } of distill(spec)) {
  console.log(`step ${step}: loss ${loss.toFixed(2)}, the game's ${penalties[0]!.toFixed(2)}`)
  if (step < spec.steps) continue
  const set = await expand(engine, parameterization, state.set)
  console.log(`${set.layout.slots} bases under ${set.layout.views} hallucinators`)
  const protocol = { ...protocols.dsa({ augmentation }), epochs: 20 }
  const { mean } = await evaluateSet(set, { engine, network, protocol, test, key: keyFrom(2), networks: 1 })
  console.log(`test accuracy ${(100 * mean).toFixed(1)} %`)
}
