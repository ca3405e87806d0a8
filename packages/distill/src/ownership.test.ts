import {
  disposeTree,
  keyFrom,
  mapTree,
  mean,
  rowsOf,
  scalar,
  sgd,
  square,
  sub,
  tensorLeaves,
  type Game,
  type Rows,
  type AnyObjective,
  type AdvanceContext,
  type Args,
  type Parameterization,
  type Tree,
} from '@haba/core'
import { failAtEveryCall, referenceEngine, toyData, toySet } from '@haba/testing'
import type { Scalar } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { distill } from './distill.js'
import type { DistillSpec, DistillState } from './spec.js'
import { startDistilling } from './start.js'
import { recompute, store } from './stepper.js'
import { studentObjective } from './student-objective.fixture.js'

const real = toyData()

const numberGame: Game<Rows, { readonly number: Scalar }> = {
  name: 'number',
  optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }),
  init: () => ({ number: scalar(0.5) }),
  draw: () => rowsOf(Int32Array.of(0, 1), 1),
  penalty: (move, s, critic) => mean(square(sub(s.render(move).images, critic.number))),
  critique: (move, s, critic) => square(sub(mean(s.render(move).images), critic.number)),
}

/** Matches mean images, reads real ones, and carries a tensor that a program updates. */
const meanImages = {
  kind: 'sum',
  name: 'means',
  init: () => ({ params: {}, state: { carried: scalar(1) } }),
  draw: async (_: never, from: { readonly real: typeof real }) => ({
    common: {},
    items: [{ images: await from.real.images(Int32Array.of(0, 1)), rows: rowsOf(Int32Array.of(0, 1), 0) }],
  }),
  term: (set: { render(rows: Tree): { images: Tree } }, _params: never, _common: never, item: Record<string, Tree>) =>
    square(sub(mean(set.render(item['rows']!).images as never), mean(item['images'] as never))),
  advance: async (_: never, { engine, state }: AdvanceContext<{ readonly carried: Tree }>) => {
    const moved = await engine.compile('carry', (x: Tree) => mapTree((t) => square(t), x))(state.carried)
    disposeTree(state)
    return { carried: moved }
  },
} as unknown as AnyObjective

const spec = (options: Partial<DistillSpec>): DistillSpec => ({
  engine: referenceEngine(),
  key: keyFrom(5),
  real,
  parameterization: toySet({ image: real.image, classes: real.classes, views: 3 }) as unknown as Parameterization<Tree>,
  objective: studentObjective({ steps: 2 }),
  optimizer: sgd({ learningRate: 0.5, momentum: 0.5 }),
  objectiveOptimizer: sgd({ learningRate: 0.01 }),
  games: [numberGame],
  steps: 2,
  ...options,
})

const numbers = (tree: Args) => tensorLeaves(tree).map((t) => [...t.dataSync()])

async function last(run: AsyncGenerator<{ readonly state: DistillState }>): Promise<DistillState> {
  let found: DistillState | undefined
  for await (const { state } of run) found = state
  return found!
}

describe('the state that a run continues from', () => {
  it('stays the caller’s, whole, and gives the same again', async () => {
    for (const objective of [studentObjective({ steps: 2 }), meanImages]) {
      const from = await startDistilling(spec({ objective }))
      const before = numbers(from)
      const first = await last(distill(spec({ objective }), from))
      expect(numbers(from)).toEqual(before)
      const again = await last(distill(spec({ objective }), from))
      expect(numbers(again)).toEqual(numbers(first))
      disposeTree(from)
      expect(numbers(first)).toEqual(numbers(again))
    }
  })
})

describe('a step that throws leaves no tensor behind', () => {
  it.each([
    ['a recurrence, recomputed', { differentiation: recompute }, 20],
    ['a recurrence, stored', { differentiation: store }, 20],
    ['a sum that reads and carries', { objective: meanImages }, 10],
  ])('%s', async (_, options, atLeast) => {
    const from = await startDistilling(spec(options))
    const whole = numbers(from)
    const failures = await failAtEveryCall({ engine: referenceEngine(), real }, async (failing) => {
      let reached: DistillState | undefined
      try {
        for await (const { state } of distill(spec({ ...options, ...failing }), from)) reached = state
      } finally {
        if (reached) disposeTree(reached)
      }
    })
    expect(failures).toBeGreaterThan(atLeast)
    expect(numbers(from)).toEqual(whole)
  })
})
