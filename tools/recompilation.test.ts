import { chain, fromStrategy } from '@haba/augment'
import { atLeast, disposeTree, keyFrom, sgd, type AnyObjective } from '@haba/core'
import { distill, recomputed, stored, type DistillState } from '@haba/distill'
import { onnxEngine } from '@haba/engine-onnx'
import { adversarialContrast, factorised } from '@haba/hallucinator'
import { distributionMatching, gradientMatching, trajectoryMatching } from '@haba/matching'
import { tinyNetwork, toyData } from '@haba/testing'
import { expect, test } from 'vitest'
import { walkingExperts } from './walking-experts.fixture.js'

const network = tinyNetwork()
const real = toyData()
/** All six operations on every image: one program, whatever is drawn. */
const augmentation = fromStrategy('color_crop_cutout_flip_scale_rotate', chain)

const objectives = {
  DM: distributionMatching({ network, realPerClass: 6 }),
  DC: gradientMatching({ network, realPerClass: 6, loops: { outer: 3, inner: 2 }, networkBatch: 4 }),
  DSA: gradientMatching({ network, realPerClass: 6, augmentation }),
  MTT: trajectoryMatching({
    network,
    experts: walkingExperts(network),
    augmentation,
    steps: 2,
    expertEpochs: 1,
    maxStartEpoch: 3,
    batch: 4,
    rate: 0.1,
  }),
} as const

test.each([
  { name: 'DM', how: recomputed },
  { name: 'DC', how: recomputed },
  { name: 'DSA', how: recomputed },
  { name: 'MTT', how: recomputed },
  { name: 'MTT', how: stored },
] as const)('100 steps of $name through HaBa with its game add no session after the third ($how.name)', async (one) => {
  const engine = onnxEngine({ threads: 1 })
  const sessions: number[] = []
  let last: DistillState | undefined
  for await (const { state } of distill({
    engine,
    key: keyFrom(1),
    real,
    parameterization: factorised({ image: real.image, classes: real.classes, basesPerClass: 2, hallucinators: 3 }),
    objective: objectives[one.name] as unknown as AnyObjective,
    optimizer: sgd({ rate: 0.1, momentum: 0.5 }),
    objectiveOptimizer: atLeast(0.001, sgd({ rate: 1e-4, momentum: 0.9 })),
    games: [adversarialContrast({ network, augmentation })],
    steps: 100,
    differentiation: one.how,
  })) {
    sessions.push(engine.stats.sessions)
    last = state
  }
  const { set, setOptimizer, objective, games } = last!
  disposeTree(set, setOptimizer, objective, games)
  await engine.close()
  expect(sessions).toHaveLength(100)
  expect(new Set(sessions.slice(2)).size, `sessions after each step: ${sessions}`).toBe(1)
})
