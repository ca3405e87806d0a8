import { fromStrategy } from '@haba/augment'
import { clampBelow, keyFrom, namedLeaves, sgd, type AnyObjective, type Engine } from '@haba/core'
import { distill } from '@haba/distill'
import { onnxEngine, onnxStatus } from '@haba/engine-onnx'
import { adversarialContrast, factorized } from '@haba/hallucinator'
import { distributionMatching, trajectoryMatching } from '@haba/matching'
import { tinyNetwork, toyData } from '@haba/testing'
import { describe, expect, test } from 'vitest'
import { walkingExperts } from './walking-experts.fixture.js'

const required = process.env['HABA_REQUIRE_WEBGPU'] === '1'
const { works } = await onnxStatus('webgpu')

const network = tinyNetwork()
const augmentation = fromStrategy('crop_flip')
const real = toyData()
const objectives = {
  MTT: trajectoryMatching({
    network,
    experts: walkingExperts(network),
    augmentation,
    steps: 2,
    expertEpochs: 1,
    maxStartEpoch: 3,
    batch: 4,
    learningRate: 0.1,
  }),
  DM: distributionMatching({ network, realPerClass: 6 }),
} as const

/** Two whole iterations: the second reads what the first left, in its layout. */
async function iterations(engine: Engine, objective: AnyObjective): Promise<ReadonlyMap<string, readonly number[]>> {
  let found = new Map<string, readonly number[]>()
  for await (const { state, loss, penalties, critiques } of distill({
    engine,
    key: keyFrom(1),
    real,
    parameterization: factorized({ image: real.image, classes: real.classes, basesPerClass: 1, hallucinators: 2 }),
    objective,
    optimizer: sgd({ learningRate: 0.1, momentum: 0.5 }),
    objectiveOptimizer: clampBelow(0.001, sgd({ learningRate: 1e-4, momentum: 0.9 })),
    games: [adversarialContrast({ network, augmentation })],
    steps: 2,
  })) {
    const { set, objective: learned, games } = state
    const leaves = namedLeaves({ set, learned: learned.params, critic: games[0]!.critic })
    found = new Map([...leaves].map(([name, leaf]) => [name, [...leaf.dataSync()]]))
    found.set('told', [loss, ...penalties, ...critiques])
  }
  return found
}

describe.skipIf(!works && !required)('HaBa on WebGPU', () => {
  test.each(['MTT', 'DM'] as const)('takes the same two steps as on the CPU (%s)', async (name) => {
    const objective = objectives[name]
    const [cpu, gpu] = [onnxEngine(), onnxEngine({ provider: 'webgpu' })]
    const [wanted, got] = [await iterations(cpu, objective), await iterations(gpu, objective)]
    await Promise.all([cpu.close(), gpu.close()])
    expect([...got.keys()]).toEqual([...wanted.keys()])
    for (const [part, values] of wanted) {
      const largest = Math.max(...values.map(Math.abs))
      values.forEach((value, i) =>
        expect(Math.abs(got.get(part)![i]! - value), `${part}, element ${i}`).toBeLessThanOrEqual(1e-3 * largest),
      )
    }
  })
})
