import { referenceEngine } from '@haba/testing'
import { describe, expect, it } from 'vitest'
import type { Optimizer } from '../spec/optimizer.js'
import type { Tree } from '../spec/tree.js'
import { tensor } from '../tree/host.js'
import { tensorLeaves } from '../tree/tree.js'
import { adam } from './adam.js'
import { projectSimplex } from './project-simplex.js'
import { applyUpdates, sgd } from './sgd.js'
import { stepDecay } from './step-decay.js'
import { projectBox } from './project-box.js'

const row = (...values: number[]): Tree => ({ x: tensor(values, [1, values.length]) })

/** The parameters after each gradient. */
async function path(optimizer: Optimizer, from: Tree, gradients: readonly Tree[]) {
  const engine = referenceEngine()
  const step = engine.compile('step', (params: Tree, gradient: Tree, before: Tree) => {
    const { updates, state } = optimizer.update(gradient, before, params)
    return { params: applyUpdates(params, updates), state }
  })
  let at = { params: from, state: await engine.compile('init', (p: Tree) => optimizer.init(p))(from) }
  const places: number[][] = []
  for (const gradient of gradients) {
    at = await step(at.params, gradient, at.state)
    places.push([...tensorLeaves(at.params)[0]!.dataSync()])
  }
  return places
}
const loose = (optimizer: unknown) => optimizer as Optimizer

describe('adam', () => {
  it('moves by its rate at first, then by the ratio of averages', async () => {
    const betas = [0.5, 0.75] as const
    const [first, second] = await path(loose(adam({ learningRate: 0.1, betas, epsilon: 0 })), row(1, 1), [
      row(2, -3),
      row(4, 0),
    ])
    expect(first![0]).toBeCloseTo(0.9, 6)
    expect(first![1]).toBeCloseTo(1.1, 6)
    // mean (0.5·1 + 0.5·4) / 0.75, square (0.75·1 + 0.25·16) / 0.4375; and (0.5·-1.5) / 0.75, (0.75·2.25) / 0.4375
    expect(second![0]).toBeCloseTo(0.9 - (0.1 * (2.5 / 0.75)) / Math.sqrt(4.75 / 0.4375), 6)
    expect(second![1]).toBeCloseTo(1.1 + (0.1 * (0.75 / 0.75)) / Math.sqrt(1.6875 / 0.4375), 6)
  })

  it('refuses rates and betas out of range', () => {
    expect(() => adam({ learningRate: -1 })).toThrow('adam: expected a learningRate of at least 0, got -1.')
    expect(() => adam({ learningRate: 1, betas: [0.9, 1] })).toThrow('two betas in [0, 1)')
  })
})

describe('stepDecay', () => {
  it('halves steps after every second', async () => {
    const ones = Array.from({ length: 5 }, () => row(1))
    const places = await path(
      loose(stepDecay({ every: 2, factor: 0.5 }, loose(sgd({ learningRate: 1 })))),
      row(0),
      ones,
    )
    places.flat().forEach((place, i) => expect(place).toBeCloseTo([-1, -2, -2.5, -3, -3.25][i]!, 6))
  })

  it('refuses an interval or factor out of range', () => {
    expect(() => stepDecay({ every: 0, factor: 0.5 }, loose(sgd({ learningRate: 1 })))).toThrow(
      'at least 1 step, got 0',
    )
    expect(() => stepDecay({ every: 1, factor: 2 }, loose(sgd({ learningRate: 1 })))).toThrow(
      'a factor in (0, 1], got 2',
    )
  })
})

describe('projectBox', () => {
  const bounds = { low: [0, -1], high: [1, 2] }
  it('clamps every channel to its own bounds after each step, and leaves momentum alone', async () => {
    const optimizer = loose(projectBox(bounds, loose(sgd({ learningRate: 1, momentum: 0.5 }))))
    const [first, second] = await path(optimizer, row(0.5, 0), [row(-2, -1), row(0, 4)])
    expect(first).toEqual([1, 1])
    // Velocities -2 and -1 become -1 and 3.5: the parameters end on both bounds.
    expect(second).toEqual([1, -1])
  })

  it('clamps after every so many steps where it is told to, as IDC does', async () => {
    const optimizer = loose(projectBox({ ...bounds, every: 2 }, loose(sgd({ learningRate: 1 }))))
    const places = await path(optimizer, row(0, 0), [row(-2, 2), row(-1, 0), row(-1, 0), row(0, 0)])
    expect(places).toEqual([
      [2, -2],
      [1, -1],
      [2, -1],
      [1, -1],
    ])
  })

  it('refuses bounds that cross, and an interval of 0', () => {
    expect(() => projectBox({ low: [1], high: [0] }, loose(sgd({ learningRate: 1 })))).toThrow(
      'projectBox: expected as many high bounds',
    )
    expect(() => projectBox({ ...bounds, every: 0 }, loose(sgd({ learningRate: 1 })))).toThrow(
      'every to be at least 1 step, got 0',
    )
  })
})

describe('projectSimplex', () => {
  it('clamps and divides rows by their sums, and makes a row of zeros uniform', async () => {
    const optimizer = loose(projectSimplex(sgd({ learningRate: 1 })))
    const [moved] = await path(optimizer, row(0.2, 0.3, 0.5), [row(0.4, -0.1, 0.1)])
    moved!.forEach((v, i) => expect(v).toBeCloseTo([0, 0.5, 0.5][i]!, 6))
    const [none] = await path(optimizer, row(0.5, 0.5), [row(1, 1)])
    expect(none).toEqual([0.5, 0.5])
  })
})
