import {
  disposeTree,
  foldIn,
  HabaError,
  keyFrom,
  tensorLeaves,
  valueAndGrad,
  type Args,
  type Engine,
  type Game,
  type Layout,
  type Parameterization,
  type RealSource,
  type Tree,
} from '@haba/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { expectGradient } from '../expect-gradient.js'
import { leakCheck } from '../leak-check.js'
import { referenceEngine } from '../reference-engine.js'
import { seedFrom, toyData } from '../toys/toy-data.js'
import { toySet } from '../toys/toy-set.js'
import { bind } from './bind.js'
import { expectFinite, numbersOf, stepAgainst, textOf } from './values.js'

/** The game under test, and what it is played on. */
export interface TestGameOptions {
  /** Use a smooth network such as `tinyNetwork`, if it has one. */
  readonly make: () => Game
  /** What the game is played on. @default toySet() */
  readonly set?: Parameterization<Tree>
  /** Layouts that the game must refuse by its name. @default [] */
  readonly unfit?: readonly Layout[]
  /** @default toyData() of the set's image and classes */
  readonly real?: RealSource
  /** @default referenceEngine() */
  readonly engine?: () => Engine | Promise<Engine>
  /** Relative error allowed along each direction. @default 1e-3 */
  readonly tolerance?: number
}

/** Registers the tests that every game must pass. */
export function testGame(options: TestGameOptions): void {
  const { make, unfit = [], engine: makeEngine = referenceEngine, tolerance } = options
  const set = options.set ?? toySet()
  const { layout } = set
  const real = options.real ?? toyData({ image: layout.image, classes: layout.classes })
  const game = make()
  const key = foldIn(keyFrom(13), game.name)
  const critic = game.init(foldIn(key, 'init'), layout)
  const move = game.draw(foldIn(key, 'draw'), layout)

  const penalty = (params: Tree) => game.penalty(move, bind(set, params), critic)
  const critique = (params: Tree, at: Tree) => game.critique(move, bind(set, params), at)

  describe(`game: ${game.name}`, () => {
    let engine: Engine
    let params: Tree
    beforeAll(async () => {
      engine = await makeEngine()
      params = await set.init(foldIn(key, 'set'), seedFrom(real))
    })
    const ofSet = () =>
      engine.compile('penalty', (at: Tree, m: Args, c: Tree) => {
        const { value, grad } = valueAndGrad((p: Tree) => game.penalty(m, bind(set, p), c), at)
        return { value, grad }
      })(params, move, critic)
    const ofCritic = () =>
      engine.compile('critique', (at: Tree, m: Args, c: Tree) => {
        const { value, grad } = valueAndGrad((x: Tree) => game.critique(m, bind(set, at), x), c)
        return { value, grad }
      })(params, move, critic)

    it('starts and draws the same with the same key', () => {
      expect(textOf(make().init(foldIn(key, 'init'), layout))).toBe(textOf(critic))
      expect(textOf(make().draw(foldIn(key, 'draw'), layout))).toBe(textOf(move))
      game.draw(foldIn(key, 'another'), layout)
      expect(textOf(game.draw(foldIn(key, 'draw'), layout))).toBe(textOf(move))
    })

    it('has a finite penalty with the gradient of finite differences in the set, which falls after a small step', async () => {
      const { value, grad } = await ofSet()
      expect(value.shape).toEqual([])
      expectFinite([value, grad])
      expectGradient<Tree>({ fn: penalty, at: params, gradient: grad, ...(tolerance && { tolerance }) })
      const [before] = numbersOf(value) as [number]
      const moved = stepAgainst(params, grad, 1e-3 * Math.abs(before))
      const after = await engine.compile('paid', (at: Tree) => penalty(at))(moved)
      expect(numbersOf(after)[0]).toBeLessThan(before)
    })

    if (tensorLeaves(critic).length > 0)
      it('has a finite critique with the gradient of finite differences in the critic, which falls after a small step', async () => {
        const { value, grad } = await ofCritic()
        expect(value.shape).toEqual([])
        expectFinite([value, grad])
        expectGradient<Tree>({
          fn: (at) => critique(params, at),
          at: critic,
          gradient: grad,
          ...(tolerance && { tolerance }),
        })
        const [before] = numbersOf(value) as [number]
        const moved = stepAgainst(critic, grad, 1e-3 * Math.abs(before))
        const after = await engine.compile('criticized', (at: Tree, c: Tree) => critique(at, c))(params, moved)
        expect(numbersOf(after)[0]).toBeLessThan(before)
      })

    it('moves its critic by a finite step of its optimizer', async () => {
      const { grad } = await ofCritic()
      const moved = engine.compile('move', (gradient: Tree, at: Tree) => {
        const { updates } = game.optimizer.update(gradient, game.optimizer.init(at), at)
        return updates
      })
      expectFinite(await moved(grad, critic))
    })

    it('leaves no tensor behind when its draw is disposed', async () => {
      await leakCheck(() => disposeTree(game.draw(foldIn(key, 'leak'), layout)))
    })

    it.each(unfit.map((one) => [`${one.slots} slots under ${one.views} views`, one] as const))(
      'refuses %s by name',
      (_, one) => {
        const refusal = () => {
          try {
            game.init(key, one)
          } catch (error) {
            return error
          }
          return undefined
        }
        const error = refusal()
        expect(HabaError.is(error), `${error}`).toBe(true)
        expect(`${error}`).toContain(game.name)
      },
    )
  })
}
