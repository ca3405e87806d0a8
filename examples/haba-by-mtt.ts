/** HaBa as published: trajectory matching (MTT). Its experts are recorded first; two of three epochs on 3,000 images keep this short. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keyFrom, partition, sgd } from '@haba/core'
import { mnist } from '@haba/datasets'
import { distill, expand } from '@haba/distill'
import { onnxEngine } from '@haba/engine-onnx'
import { evaluateSet, protocols, subset } from '@haba/eval'
import { factorized } from '@haba/hallucinator'
import { trajectoryMatching } from '@haba/matching'
import { openExperts, recordExperts } from '@haba/matching/experts'
import { convNet } from '@haba/networks'

const { train, test, image, classes } = await mnist()
const real = subset(
  train,
  Int32Array.from({ length: 3000 }, (_, i) => i),
)
const engine = onnxEngine()
const network = convNet({ image, classes, depth: 2, width: 16 })
const folder = await mkdtemp(join(tmpdir(), 'haba-experts-'))
await recordExperts({ folder, engine, network, real, key: keyFrom(1), count: 2, epochs: 3 })
const experts = await openExperts(folder, network)

const parameterization = factorized({ image, classes, basesPerClass: 2, hallucinators: 3 })
const spec = {
  engine,
  key: keyFrom(2),
  real,
  parameterization,
  objective: trajectoryMatching({ network, experts, steps: 5, expertEpochs: 1, maxStartEpoch: 2, learningRate: 0.02 }),
  // The student's step size is learned with the set.
  objectiveOptimizer: partition({ rate: sgd({ learningRate: 1e-4, momentum: 0.5 }) }),
  optimizer: partition({
    bases: sgd({ learningRate: 100, momentum: 0.5 }),
    hallucinators: sgd({ learningRate: 0.2, momentum: 0.5 }),
  }),
  steps: 5,
}

for await (const { step, loss, state } of distill(spec)) {
  console.log(`step ${step}: loss ${loss.toFixed(3)}`)
  if (step < spec.steps) continue
  const set = await expand(engine, parameterization, state.set)
  const protocol = { ...protocols.mtt({}), epochs: 20 }
  const { mean } = await evaluateSet(set, { engine, network, protocol, test, key: keyFrom(3), networks: 1 })
  console.log(`test accuracy ${(100 * mean).toFixed(1)} %`)
}
await rm(folder, { recursive: true })
