import {
  adam,
  partition,
  keyFrom,
  mapTree,
  namedLeaves,
  projectSimplex,
  pixels,
  sgd,
  tensor,
  tensorLeaves,
  type AnyObjective,
  type AnyParameterization,
  type Args,
  type Network,
  type Optimizer,
  type Tree,
} from '@haba/core'
import { differentiate, distill, recompute, store, tesla, teslaReleased } from '@haba/distill'
import { adversarialContrast, factorized } from '@haba/hallucinator'
import { mttPresets, teslaPresets, trajectoryMatching, type TrajectoryPreset } from '@haba/matching'
import { type Experts } from '@haba/matching/experts'
import { labelDistillation, ridge, unrolledTraining } from '@haba/meta'
import { canvas, labeled, rtp, uniformLabels } from '@haba/sets'
import { referenceEngine, seedFrom, tinyNetwork, toyData } from '@haba/testing'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readConfig } from './config/read-config.js'

const real = toyData()
const { image, classes } = real
const network = tinyNetwork() as Network
const haba = factorized({ image, classes, basesPerClass: 1, hallucinators: 2 }) as AnyParameterization
const experts: Experts = {
  count: 1,
  epochs: 1,
  read: async (_, epoch) =>
    mapTree(
      (w) =>
        tensor(
          (w.dataSync() as Float32Array).map((v) => v + 0.05 * epoch),
          w.shape,
        ),
      network.init(keyFrom(1)).weights,
    ),
}
const mtt = trajectoryMatching({ network, experts, steps: 3, expertEpochs: 1, maxStartEpoch: 1, learningRate: 0.1 })
const dd = unrolledTraining({ network, steps: 2, epochs: 2, realBatch: 8, learningRate: 0.1 })
const byRtp = unrolledTraining({
  network,
  steps: 3,
  epochs: 1,
  perClass: 2,
  shuffle: true,
  learnRates: false,
  learningRate: 0.1,
  momentum: 0.9,
  realBatch: 8,
})
const numbers = (tree: Tree) => tensorLeaves(tree).flatMap((t) => [...t.dataSync()])
const plain = sgd({ learningRate: 0.1 })

async function gradient(set: AnyParameterization, objective: AnyObjective, how: typeof recompute) {
  const { params, state } = objective.init(keyFrom(2))
  const drawn = await objective.draw(keyFrom(3), { real, layout: set.layout, state })
  const start = (await set.init(keyFrom(4), seedFrom(real))) as Tree
  return differentiate(
    referenceEngine(),
    set,
    objective,
    how,
  )(start, params as Tree, drawn as { common: Args; items: Args[] })
}

describe('hallucinators learn through', () => {
  it.each([
    ['MTT', mtt as AnyObjective],
    ['DD', dd as AnyObjective],
    ["RTP's objective, with momentum", byRtp as AnyObjective],
  ])('%s, alike by every exact differentiation and otherwise by the truncated ones', async (_, objective) => {
    const [exact, kept, truncated, released] = await Promise.all(
      [recompute, store, tesla, teslaReleased].map((how) => gradient(haba, objective, how)),
    )
    const size = Math.hypot(...numbers(exact!.set))
    const apart = (other: Tree, factor = 1) =>
      Math.hypot(...numbers(other).map((v, i) => factor * v - numbers(exact!.set)[i]!)) / size
    expect(apart(kept!.set)).toBeLessThan(1e-5)
    expect(apart(truncated!.set)).toBeGreaterThan(1e-4)
    expect(apart(released!.set, 2)).toBeCloseTo(apart(truncated!.set), 6)
    for (const leaf of tensorLeaves(truncated!.set)) expect(Math.hypot(...leaf.dataSync())).toBeGreaterThan(0)
  })
})

describe('a step of distillation moves all that is learned', () => {
  const textured = canvas({ image, classes, perClass: 1, crops: 3 }) as AnyParameterization
  const soft = (of: AnyParameterization) => labeled({ of, start: uniformLabels }) as AnyParameterization
  const memories = rtp({ image, classes, bases: 2, addresses: 3 }) as AnyParameterization
  const byRidge = labelDistillation({ network, by: ridge(), batch: 2, realBatch: 8 }) as AnyObjective
  it.each([
    ['HaBa by TESLA', haba, mtt as AnyObjective, ['bases', 'hallucinators'], ['rate']],
    ['HaBa by DD', haba, dd as AnyObjective, ['bases', 'hallucinators'], ['rates']],
    ['RTP by its own objective', memories, byRtp as AnyObjective, ['addresses', 'bases'], []],
    ['HaBa with soft labels by MTT', soft(haba), mtt as AnyObjective, ['bases', 'hallucinators', 'targets'], ['rate']],
    ['a canvas by MTT', textured, mtt as AnyObjective, ['images'], ['rate']],
    ['labels alone by LD', soft(pixels({ image, classes, perClass: 1 })), byRidge, ['targets'], []],
  ] as const)('%s', async (name, parameterization, objective, moving, learning) => {
    const held = sgd({ learningRate: 0 })
    const start = (await parameterization.init(keyFrom(4), seedFrom(real))) as Tree
    const moves = (part: string): Optimizer =>
      part === 'targets' ? projectSimplex(adam({ learningRate: 0.01 })) : plain
    const parts = Object.keys(start).map((part) => [part, moving.includes(part as never) ? moves(part) : held])
    const views = parameterization.layout.views > 1
    const run = distill({
      engine: referenceEngine(),
      key: keyFrom(5),
      real,
      parameterization,
      objective,
      optimizer: partition(Object.fromEntries(parts)),
      objectiveOptimizer: partition(Object.fromEntries(learning.map((part) => [part, plain]))),
      games: views ? [adversarialContrast({ network })] : [],
      steps: 2,
      ...(name.includes('TESLA') && { differentiation: tesla }),
    })
    const states = []
    for await (const { state, loss } of run) {
      expect(Number.isFinite(loss)).toBe(true)
      states.push([...namedLeaves(state.set)].map(([path, t]) => [path, [...t.dataSync()]] as const))
    }
    for (const [i, [path, values]] of states[1]!.entries())
      if (moving.some((part) => path.startsWith(part))) expect(values, path).not.toEqual(states[0]![i]![1])
      else expect(values, path).toEqual(states[0]![i]![1])
  })
})

describe('recipes', () => {
  const read = async (name: string) =>
    (await readConfig(join(import.meta.dirname, `../../../recipes/${name}.json`))).config

  it.each([
    ['cifar10-mtt', mttPresets.cifar10[1]],
    ['cifar10-tesla', teslaPresets.cifar10[1]],
  ])('of %s are the published row', async (name, preset: TrajectoryPreset) => {
    const { objective, optimizer, objectiveOptimizer, data, experts } = await read(name)
    const { steps, expertEpochs, maxStartEpoch, learningRate = 0.01 } = preset
    expect(objective).toMatchObject({ steps, expertEpochs, maxStartEpoch, learningRate })
    expect(experts!.epochs).toBe(maxStartEpoch - 1 + expertEpochs)
    expect(optimizer.images).toMatchObject({ learningRate: preset.imageRate, momentum: 0.5 })
    expect(objectiveOptimizer!.rate).toMatchObject({ learningRate: preset.rateRate, momentum: 0.5 })
    expect(data.preprocessing === 'zca').toBe(preset.whitened)
  })

  it('of RTP are its released configuration, at the floats of one image a class', async () => {
    const { objective, optimizer, clipNorm, evaluate, set, data } = await read('cifar10-rtp')
    expect(data.preprocessing).not.toBe('zca')
    expect(set).toMatchObject({ bases: 16, downsample: 2, imagesPerClass: 1 })
    expect(objective).toMatchObject({
      steps: 150,
      epochs: 1,
      perClass: 10,
      learningRate: 0.01,
      momentum: 0.9,
      realBatch: 64 * 10,
    })
    expect(objective).toMatchObject({ shuffle: true, learnRates: false })
    for (const part of ['bases', 'addresses'])
      expect(optimizer[part]).toMatchObject({ learningRate: 0.1, momentum: 0.5 })
    expect([clipNorm, evaluate.protocol, evaluate.networks]).toEqual([2, 'rtp', 10])
  })

  it('give sets soft labels, with every option in place', async () => {
    const { set, optimizer } = await read('mnist-ld')
    expect(set.targets).toEqual({ start: 'hard', assigned: 'once', stored: 'probabilities', expert: 0 })
    expect(optimizer.targets).toMatchObject({ use: 'adam', project: 'simplex' })
  })
})
