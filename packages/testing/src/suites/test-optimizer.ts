import {
  applyUpdates,
  disposeTree,
  foldIn,
  keyFrom,
  mapTree,
  normal,
  signature,
  tensor,
  treeFromJson,
  treeToJson,
  type Engine,
  type Optimizer,
  type Tree,
} from '@haba/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { leakCheck } from '../leak-check.js'
import { referenceEngine } from '../reference-engine.js'
import { expectFinite, numbersOf, textOf } from './values.js'

/** The optimizer under test. */
export interface TestOptimizerOptions {
  readonly name: string
  readonly make: () => Optimizer
  /** Where it starts. @default a record of `images` `[3, 4]` and a list of one `[2]`, normally distributed */
  readonly params?: () => Tree
  /** Whether it moves against the gradient; not if it moves nothing. @default true */
  readonly descends?: boolean
  /** @default referenceEngine() */
  readonly engine?: () => Engine | Promise<Engine>
}

const STEPS = 12
/** Where every number should go. */
const GOAL = 0.25

const someParams = (): Tree => ({
  images: tensor(normal(foldIn(keyFrom(17), 'images'), 12), [3, 4]),
  others: [tensor(normal(foldIn(keyFrom(17), 'others'), 2), [2])],
})

/** Registers the tests that every optimizer must pass. */
export function testOptimizer(options: TestOptimizerOptions): void {
  const { name, make, params: start = someParams, descends = true, engine: makeEngine = referenceEngine } = options

  describe(`optimizer: ${name}`, () => {
    type Place = { readonly params: Tree; readonly state: Tree }
    let engine: Engine
    let begin: (params: Tree) => Promise<Tree>
    let step: (gradient: Tree, at: Place) => Promise<Place>
    const compiled = (optimizer: Optimizer) => ({
      begin: engine.compile('begin', (params: Tree) => optimizer.init(params)),
      step: engine.compile('step', (gradient: Tree, { params, state }: Place) => {
        const moved = optimizer.update(gradient, state, params)
        return { params: applyUpdates(params, moved.updates), state: moved.state }
      }),
    })
    beforeAll(async () => {
      engine = await makeEngine()
      ;({ begin, step } = compiled(make()))
    })

    /** The gradient of half the squared distance from `GOAL`. */
    const slope = (params: Tree): Tree =>
      mapTree(
        (t) =>
          tensor(
            Float32Array.from(t.dataSync(), (v) => v - GOAL),
            t.shape,
          ),
        params,
      )
    const first = async (): Promise<Place> => {
      const params = start()
      return { params, state: await begin(params) }
    }
    async function run(from: Place, steps: number, next = step): Promise<Place> {
      let at = from
      for (let i = 0; i < steps; i++) at = await next(slope(at.params), at)
      return at
    }

    it('keeps the structure of parameters and state, with finite numbers', async () => {
      const before = await first()
      const after = await run(before, 2)
      expect(signature([after.params])).toBe(signature([before.params]))
      expect(signature([after.state])).toBe(signature([before.state]))
      expectFinite([after.params, after.state])
    })

    it('is a pair of pure functions: other steps, and other instances, change nothing', async () => {
      const wanted = textOf(await run(await first(), 3))
      expect(textOf(await run(await first(), 3))).toBe(wanted)
      const other = compiled(make())
      const params = start()
      const from = { params, state: await other.begin(params) }
      expect(textOf(await run(from, 3, other.step))).toBe(wanted)
      // Traced again, after it has run: what it remembers by itself would show.
      const used = make()
      const before = compiled(used)
      await run({ params: start(), state: await before.begin(start()) }, 2, before.step)
      const again = compiled(used)
      const anew = start()
      expect(textOf(await run({ params: anew, state: await again.begin(anew) }, 3, again.step))).toBe(wanted)
    })

    it('goes on from a saved state as if never stopped', async () => {
      const whole = await run(await first(), 4)
      const half = await run(await first(), 2)
      const saved = treeFromJson<Place>(JSON.parse(JSON.stringify(treeToJson(half))) as unknown)
      expect(textOf(await run(saved, 2))).toBe(textOf(whole))
    })

    it('is one program for all steps', async () => {
      const own = compiled(make())
      const params = start()
      const at = await run({ params, state: await own.begin(params) }, 1, own.step)
      const before = engine.stats.compilations
      await run(at, 3, own.step)
      expect(engine.stats.compilations).toBe(before)
    })

    it(descends ? 'comes nearer to where the gradient points' : 'moves nothing', async () => {
      const length = (tree: Tree) => Math.hypot(...numbersOf(tree).map((v) => v - GOAL))
      const before = await first()
      const after = await run(before, STEPS)
      if (descends) expect(length(after.params)).toBeLessThan(length(before.params))
      else expect(textOf(after.params)).toBe(textOf(before.params))
    })

    it('leaves no tensor behind', async () => {
      await leakCheck(async () => {
        const before = await first()
        const gradient = slope(before.params)
        const after = await step(gradient, before)
        disposeTree(before.params, before.state, gradient, after.params, after.state)
      })
    })
  })
}
