import {
  keyFrom,
  mapTree,
  stopGradient,
  sub,
  tensorLeaves,
  valueAndGrad,
  type Args,
  type MovingWeights,
  type RecurrenceObjective,
  type Tree,
} from '@haba/core'
import { referenceEngine, seedFrom, toyData, toySet } from '@haba/testing'
import { describe, expect, it } from 'vitest'
import { bind, differentiate } from './gradient.js'
import { recompute, type Differentiation } from './stepper.js'
import { studentObjective } from './student-objective.fixture.js'
import { tesla, teslaReleased } from './tesla.js'

const real = toyData()
const set = toySet({ image: real.image, classes: real.classes, views: 3 })
const engine = referenceEngine()
const numbers = (tree: Args) => tensorLeaves(tree).flatMap((t) => [...t.dataSync()])

/** Two gradients of one draw: by `how`, and of the written-out loss with constant weights before each step. */
async function gradients(steps: number, how: Differentiation, momentum = 0) {
  const objective = studentObjective({ steps, momentum }) as RecurrenceObjective
  const params = await set.init(keyFrom(1), seedFrom(real))
  const learned = objective.init(keyFrom(2)).params
  const drawn = await objective.draw(keyFrom(9), { real, layout: set.layout, state: {} })
  const got = await differentiate(engine, set, objective, how)(params, learned, drawn)
  const written = await engine.compile('written', (at: Tree, of: Tree, common: Args, items: readonly Args[]) =>
    valueAndGrad(
      (x) => {
        const last = items.reduce<Tree>((carry, item) => {
          const { weights, velocity } = (momentum ? carry : { weights: carry }) as { weights: Tree; velocity?: Tree }
          const held = mapTree((w) => stopGradient(w), weights)
          const input = objective.input(bind(set, x.at), common, item)
          const from = velocity ? { weights: held, velocity } : held
          const next = objective.step(x.of, common, from, input)
          const reached = velocity ? (next as MovingWeights).weights : next
          const moved = mapTree((w, to) => sub(w, to), held, reached)
          // θ ← θ - update: gradients pass through the first θ; the update treats θ as constant.
          const passed = mapTree((w, by) => sub(w, by), weights, moved)
          return velocity ? { weights: passed, velocity: (next as MovingWeights).velocity } : passed
        }, objective.start(common))
        return objective.finish(x.of, common, last)
      },
      { at, of },
    ),
  )(params, learned, drawn.common, drawn.items)
  return { got, written, exact: await differentiate(engine, set, objective, recompute)(params, learned, drawn) }
}

const near = (got: Args, wanted: Args, factor = 1) => {
  const [a, b] = [numbers(got), numbers(wanted).map((v) => factor * v)]
  const size = Math.max(...b.map(Math.abs))
  expect(size).toBeGreaterThan(0)
  expect(Math.max(...a.map((v, i) => Math.abs(v - b[i]!))) / size).toBeLessThan(1e-5)
}

describe('tesla', () => {
  it.each([0, 0.9])('is the gradient with the weights along the way held constant, momentum %d', async (momentum) => {
    const { got, written, exact } = await gradients(3, tesla, momentum)
    near(got.set, written.grad.at)
    near(got.params, written.grad.of)
    expect(got.loss).toBeCloseTo(exact.loss, 6)
    // It is an approximation, so it differs from the exact one.
    const apart = numbers(got.set).map((v, i) => v - numbers(exact.set)[i]!)
    expect(Math.hypot(...apart) / Math.hypot(...numbers(exact.set))).toBeGreaterThan(0.01)
  })

  it.each([0, 0.9])('is exact for a single step, momentum %d', async (momentum) => {
    const { got, exact } = await gradients(1, tesla, momentum)
    near(got.set, exact.set)
    near(got.params, exact.params)
  })

  it('halves the gradient of the set as released, and not that of the step size', async () => {
    const [{ got }, truncated] = [await gradients(3, teslaReleased), await gradients(3, tesla)]
    near(got.set, truncated.got.set, 0.5)
    near(got.params, truncated.got.params)
  })
})
