import { chain, fromStrategy } from '@haba/augment'
import { clampBelow, disposeTree, keyFrom, sgd, type AnyObjective, type Augmentation } from '@haba/core'
import { distill, recompute, store, type Differentiation, type DistillState } from '@haba/distill'
import { onnxEngine } from '@haba/engine-onnx'
import { adversarialContrast, factorized } from '@haba/hallucinator'
import {
  cafe,
  classesTogether,
  contrastiveSignals,
  distributionMatching,
  dynamicStop,
  gradientMatching,
  idcMatching,
  trajectoryMatching,
} from '@haba/matching'
import { unrolledTraining } from '@haba/meta'
import { tinyNetwork, toyData } from '@haba/testing'
import { expect, test } from 'vitest'
import { walkingExperts } from './walking-experts.fixture.js'

const network = tinyNetwork()
const real = toyData()
/** All six operations on every image: one program, whatever is drawn. */
const allOperations = fromStrategy('color_crop_cutout_flip_scale_rotate', chain)

/** One operation of six, as in the field: each is a program. */
const oneOperation = fromStrategy('color_crop_cutout_flip_scale_rotate')

const trajectories = (augmentation: Augmentation) =>
  trajectoryMatching({
    network,
    experts: walkingExperts(network),
    augmentation,
    steps: 2,
    expertEpochs: 1,
    maxStartEpoch: 3,
    batch: 4,
    learningRate: 0.1,
  })
const loops = { outer: 3, inner: 2 }

/** The number of sessions after each of 100 steps. */
async function sessionsOf(objective: unknown, augmentation: Augmentation, how: Differentiation) {
  const engine = onnxEngine({ threads: 1 })
  const sessions: number[] = []
  let last: DistillState | undefined
  for await (const { state } of distill({
    engine,
    key: keyFrom(1),
    real,
    parameterization: factorized({ image: real.image, classes: real.classes, basesPerClass: 2, hallucinators: 3 }),
    objective: objective as AnyObjective,
    optimizer: sgd({ learningRate: 0.1, momentum: 0.5 }),
    objectiveOptimizer: clampBelow(0.001, sgd({ learningRate: 1e-4, momentum: 0.9 })),
    games: [adversarialContrast({ network, augmentation })],
    steps: 100,
    differentiation: how,
  })) {
    sessions.push(engine.stats.sessions)
    last = state
  }
  const { set, setOptimizer, objective: learned, games } = last!
  disposeTree(set, setOptimizer, learned, games)
  await engine.close()
  expect(sessions).toHaveLength(100)
  return sessions
}

test.each([
  { name: 'DM', objective: distributionMatching({ network, realPerClass: 6 }), how: recompute },
  { name: 'DC', objective: gradientMatching({ network, realPerClass: 6, loops, networkBatch: 4 }), how: recompute },
  {
    name: 'DSA',
    objective: gradientMatching({ network, realPerClass: 6, augmentation: allOperations }),
    how: recompute,
  },
  { name: 'MTT', objective: trajectories(allOperations), how: recompute },
  { name: 'MTT', objective: trajectories(allOperations), how: store },
] as const)(
  '100 steps of $name through HaBa with its game add no session after the third ($how.name)',
  async ({ objective, how }) => {
    const sessions = await sessionsOf(objective, allOperations, how)
    expect(new Set(sessions.slice(2)).size, `sessions after each step: ${sessions}`).toBe(1)
  },
)

const common = { network, realPerClass: 6, augmentation: oneOperation }
const networkBatch = 4

test.each([
  { name: 'DM', objective: distributionMatching(common) },
  { name: 'DM with all classes in a batch', objective: distributionMatching({ ...common, grouping: classesTogether }) },
  { name: 'DSA', objective: gradientMatching({ ...common, loops, networkBatch }) },
  {
    name: 'DSAC',
    objective: contrastiveSignals({ ...common, loops, networkBatch, warmUps: { networks: 4, turns: 2 } }),
  },
  { name: 'IDC', objective: idcMatching({ ...common, networkImages: 8, turns: 5 }) },
  {
    name: 'CAFE',
    objective: cafe({ ...common, networkBatch, stop: dynamicStop({ perClass: 4, maxSteps: 4, maxEpochs: 3 }) }),
  },
  { name: 'MTT', objective: trajectories(oneOperation) },
  {
    name: 'DD',
    objective: unrolledTraining({ network, steps: 6, epochs: 2, realBatch: 8, augmentation: oneOperation }),
  },
])('$name, with an operation drawn for each class, has met its programs after half of 100 steps', async (one) => {
  const sessions = await sessionsOf(one.objective, oneOperation, recompute)
  // A rare program may still be met, or made for other layouts; a combination of draws would be new at every step.
  expect(sessions[99]! - sessions[49]!, `sessions after each step: ${sessions}`).toBeLessThan(5)
})
