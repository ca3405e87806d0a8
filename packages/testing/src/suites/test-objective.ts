import type { Scalar } from '@tensorflow/tfjs-core'
import {
  disposeTree,
  foldIn,
  keyFrom,
  tensorLeaves,
  pixels,
  signature,
  valueAndGrad,
  type Args,
  type Drawn,
  type Engine,
  type Parameterization,
  type RealSource,
  type Rows,
  type Tree,
} from '@haba/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { expectGradient } from '../expect-gradient.js'
import { failAtEveryCall } from '../failing.js'
import { leakCheck } from '../leak-check.js'
import { referenceEngine } from '../reference-engine.js'
import { seedFrom, toyData } from '../toys/toy-data.js'
import { toySet } from '../toys/toy-set.js'
import { adjointGradient } from './adjoint-gradient.js'
import { bind } from './bind.js'
import { straightThrough, type Objective } from './straight-through.js'
import { testViews } from './view-tests.js'
import { expectFinite, expectNear, numbersOf, stepAgainst, textOf } from './values.js'

/** The objective under test, and what it is tried on. */
export interface TestObjectiveOptions {
  /** Use a smooth network such as `tinyNetwork`, and more than one item if the objective has items. */
  readonly make: () => Objective
  /** @default toyData() */
  readonly real?: RealSource
  /** Sets beside the toy ones, such as a factorized one; all for images and classes as `real`'s. */
  readonly sets?: readonly Parameterization<Tree>[]
  /**
   * Whether a step sees every slot under every view, as class means and the like must, under views that are drawn, or only
   * a sample of a class's images. @default 'all' for sums, 'drawn' for recurrences
   */
  readonly views?: 'all' | 'drawn' | 'sample'
  /** Runs gradients. @default referenceEngine() */
  readonly engine?: () => Engine | Promise<Engine>
  /** Relative error allowed along each direction. @default 1e-3 */
  readonly tolerance?: number
}

/** Of an objective, to see of how many kinds they are. */
const DRAWS = 40

/** What is learned: a set's parameters and the objective's own. */
type Learned = { readonly set: Tree; readonly params: Tree }

/** Everything that one set's tests look at. */
interface Case {
  readonly learned: Learned
  readonly drawn: Drawn<Args, Args>
  readonly loss: (learned: Learned) => Scalar
  readonly value: Scalar
  readonly gradient: Learned
}

/** Registers the tests that every objective must pass. */
export function testObjective(options: TestObjectiveOptions): void {
  const { make, real = toyData(), sets = [], engine: makeEngine = referenceEngine, tolerance } = options
  const objective = make()
  const own = { image: real.image, classes: real.classes }
  const all = [
    pixels({ ...own, perClass: Array.from({ length: real.classes }, (_, c) => 2 + (c % 2)) }),
    toySet({ ...own, views: 3, certainty: 0.8 }),
    ...sets,
  ] as readonly Parameterization<Tree>[]
  const key = foldIn(keyFrom(11), objective.name)
  const drawFor = ({ layout }: Parameterization<Tree>, state: Args, from = make()) =>
    from.draw(foldIn(key, 'draw'), { real, layout, state })

  async function prepare(set: Parameterization<Tree>): Promise<Case> {
    const { params, state } = objective.init(foldIn(key, 'init'))
    const drawn = await drawFor(set, state)
    const learned = { set: await set.init(foldIn(key, 'set'), seedFrom(real)), params }
    const engine = await makeEngine()
    const run = engine.compile(
      `${objective.name} ${set.name}`,
      (at: Learned, ...[common, items]: [Args, readonly Args[]]) => {
        const { value, grad } = valueAndGrad<Learned>(
          (l) => straightThrough(objective, bind(set, l.set), l.params, { common, items }),
          at,
        )
        return { value, gradient: grad }
      },
    )
    const loss = (l: Learned) => straightThrough(objective, bind(set, l.set), l.params, drawn)
    return { learned, drawn, loss, ...(await run(learned, drawn.common, drawn.items)) }
  }

  describe(`objective: ${objective.name}`, () => {
    const { views = objective.kind === 'sum' ? 'all' : 'drawn' } = options
    if (views !== 'sample') testViews({ make, real, engine: makeEngine, views })

    describe.each(
      all.map((set) => [`${set.name}, ${set.layout.slots} slots, ${set.layout.views} views`, set] as const),
    )('on %s', (_, set) => {
      let at: Case
      beforeAll(async () => {
        at = await prepare(set)
      })

      it('draws the same with the same key', async () => {
        const { state } = make().init(foldIn(key, 'init'))
        const again = await drawFor(set, state)
        expect(textOf(again)).toBe(textOf(at.drawn))
        // The same object, after other draws: what it remembers by itself would show.
        const own = make()
        await own.draw(foldIn(key, 'another'), { real, layout: set.layout, state })
        const later = await drawFor(set, state, own)
        expect(textOf(later)).toBe(textOf(at.drawn))
        expect(at.drawn.items.length).toBeGreaterThan(0)
      })

      it('has the same loss with the same draw', async () => {
        const again = await prepare(set)
        expect(numbersOf(again.value)).toEqual(numbersOf(at.value))
      })

      it('draws of few kinds: each is a program, which is compiled and stays', async () => {
        const { state } = objective.init(foldIn(key, 'init'))
        const kinds: string[] = []
        for (let i = 0; i < DRAWS; i++) {
          const { common, items } = await objective.draw(foldIn(key, i), { real, layout: set.layout, state })
          kinds.push(...new Set(items.map((item) => signature([common, item]))))
        }
        const known = new Set(kinds.slice(0, kinds.length / 2))
        const late = new Set(kinds.slice(kinds.length / 2).filter((kind) => !known.has(kind)))
        expect(late.size, 'kinds that only the second half of many draws showed').toBeLessThan(5)
      })

      it('has a finite loss and gradient, and the set matters', () => {
        expect(at.value.shape).toEqual([])
        expectFinite([at.value, at.gradient])
        expect(Math.hypot(...numbersOf(at.gradient.set))).toBeGreaterThan(0)
      })

      it('has the gradient of finite differences, in the set and in its own parameters', () => {
        expectGradient<Learned>({ fn: at.loss, at: at.learned, gradient: at.gradient, ...(tolerance && { tolerance }) })
      })

      it('falls after a small step against the gradient', async () => {
        const engine = await makeEngine()
        const value = engine.compile('after', (l: Learned, common: Args, items: readonly Args[]) =>
          straightThrough(objective, bind(set, l.set), l.params, { common, items }),
        )
        const [before] = numbersOf(at.value) as [number]
        const moved = stepAgainst(at.learned, at.gradient, 1e-3 * Math.abs(before))
        const [after] = numbersOf(await value(moved, at.drawn.common, at.drawn.items)) as [number]
        expect(after).toBeLessThan(before)
      })

      if (objective.kind === 'recurrence')
        it('has the same gradient step by step backwards', async () => {
          const adjoint = await adjointGradient({ objective, set, ...at, engine: referenceEngine() })
          const full = await referenceEngine().compile(
            'full',
            (l: Learned, common: Args, items: readonly Args[]) =>
              valueAndGrad<Learned>((x) => straightThrough(objective, bind(set, x.set), x.params, { common, items }), l)
                .grad,
          )(at.learned, at.drawn.common, at.drawn.items)
          expectNear(adjoint.set, full.set, 1e-5)
          expectNear(adjoint.params, full.params, 1e-5)
        })

      it('leaves no tensor behind when its draw is disposed', async () => {
        const { state } = objective.init(foldIn(key, 'init'))
        await leakCheck(async () => {
          const drawn = await drawFor(set, state, objective)
          // A draw may pass the state on as it came.
          const carried = new Set(tensorLeaves(state))
          disposeTree(...tensorLeaves(drawn).filter((leaf) => !carried.has(leaf)))
        })
        expect(tensorLeaves(state).some((leaf) => leaf.isDisposed)).toBe(false)
      })

      it('leaves no tensor behind where reading real images fails', async () => {
        const { state } = objective.init(foldIn(key, 'init'))
        await failAtEveryCall({ engine: referenceEngine(), real }, async (failing) => {
          const from = { real: failing.real, layout: set.layout, state }
          const drawn = await objective.draw(foldIn(key, 'draw'), from)
          const carried = new Set(tensorLeaves(state))
          disposeTree(...tensorLeaves(drawn).filter((leaf) => !carried.has(leaf)))
        })
        expect(tensorLeaves(state).some((leaf) => leaf.isDisposed)).toBe(false)
      })

      if (objective.advance) {
        it('leaves no tensor behind where a step between two steps fails', async () => {
          const engine = await makeEngine()
          await failAtEveryCall({ engine, real }, async (failing) => {
            const render = failing.engine.compile('render', (params: Tree, rows: Rows) => set.render(params, rows))
            const { params, state } = objective.init(foldIn(key, 'init'))
            const from = { ...failing, layout: set.layout, state, render: (rows: Rows) => render(at.learned.set, rows) }
            try {
              disposeTree(await objective.advance!(foldIn(key, 'advance'), from))
            } finally {
              disposeTree(params, state)
            }
          })
        })

        it('advances to the same finite state with the same key', async () => {
          const engine = await makeEngine()
          const render = engine.compile('render', (params: Tree, rows: Rows) => set.render(params, rows))
          const advance = async () => {
            const { state } = objective.init(foldIn(key, 'init'))
            return objective.advance!(foldIn(key, 'advance'), {
              engine,
              real,
              layout: set.layout,
              render: (rows) => render(at.learned.set, rows),
              state,
            })
          }
          const [first, second] = [await advance(), await advance()]
          expectFinite(first)
          expect(textOf(second)).toBe(textOf(first))
        })
      }
    })
  })
}
