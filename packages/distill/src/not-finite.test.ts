import {
  clampBelow,
  disposeTree,
  isNotFinite,
  keyFrom,
  mapTree,
  mean,
  notFiniteError,
  rowsOf,
  scalar,
  sgd,
  square,
  sub,
  tensor,
  tensorLeaves,
  type Game,
  type Rows,
  type AnyObjective,
  type Args,
  type Engine,
  type Parameterization,
  type Tree,
} from '@haba/core'
import { leakCheck, referenceEngine, toyData, toySet } from '@haba/testing'
import type { Scalar } from '@tensorflow/tfjs-core'
import { mkdtemp, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { saveTree } from './checkpoint.js'
import { distill } from './distill.js'
import type { DistillSpec, DistillState } from './spec.js'
import { startDistilling } from './start.js'
import { writeSet } from './finished-set.js'
import { studentObjective } from './student-objective.fixture.js'

const real = toyData()
const set = toySet({ image: real.image, classes: real.classes, views: 3 }) as unknown as Parameterization<Tree>

const numberGame: Game<Rows, { readonly number: Scalar }> = {
  name: 'number',
  optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }),
  init: () => ({ number: scalar(0.5) }),
  draw: () => rowsOf(Int32Array.of(0, 1), 1),
  penalty: (move, s, critic) => mean(square(sub(s.render(move).images, critic.number))),
  critique: (move, s, critic) => square(sub(mean(s.render(move).images), critic.number)),
}

/** Carries a tensor, like objectives with networks. */
const carrying = (): AnyObjective => {
  const plain = studentObjective({ steps: 2 })
  return {
    ...plain,
    init: (key: never) => ({ ...plain.init(key), state: { weights: scalar(1) } }),
    advance: async (_: never, { engine, state }: { engine: Engine; state: { weights: Tree } }) => {
      const next = await engine.compile('practice', (x: Tree) => mapTree((t) => square(t), x))(state.weights)
      disposeTree(state)
      return { weights: next }
    },
  } as unknown as AnyObjective
}

const spec = (engine: Engine, options: Partial<DistillSpec> = {}): DistillSpec => ({
  engine,
  key: keyFrom(5),
  real,
  parameterization: set,
  objective: carrying(),
  optimizer: sgd({ learningRate: 0.5, momentum: 0.5 }),
  objectiveOptimizer: clampBelow(0.001, sgd({ learningRate: 0.01, momentum: 0.9 })),
  games: [numberGame],
  steps: 4,
  ...options,
})

/** An engine that replaces one value of a result: in the first tensor whose path matches, at the given call. */
function spoiled(program: string, pick: (result: Tree) => Tree, value: number, at: number): Engine {
  const engine = referenceEngine()
  let calls = 0
  return {
    ...engine,
    compile: (name, fn) => {
      const run = engine.compile(name, fn)
      return async (...args) => {
        const result = await run(...args)
        if (name !== program || ++calls !== at) return result
        const hit = tensorLeaves(pick(result))[0]!
        return mapTree((t) => {
          if (t !== hit) return t
          const values = Float32Array.from(t.dataSync())
          values[values.length - 1] = value
          t.dispose()
          return tensor(values, t.shape)
        }, result)
      }
    },
  }
}
const part =
  (name: string) =>
  (result: Tree): Tree =>
    (result as { readonly [part: string]: Tree })[name]!
const numbers = (tree: Args) => tensorLeaves(tree).map((t) => [...t.dataSync()])

/** The state after this number of steps. */
async function after(steps: number): Promise<DistillState> {
  let last: DistillState | undefined
  for await (const { state } of distill(spec(referenceEngine(), { steps }))) last = state
  return last!
}

describe('a step that is not finite', () => {
  it.each([
    ['the loss', 'student/finish', part('value'), 2, 'NaN in loss'],
    ['a gradient of the set', 'student/input adjoint', (x: Tree) => x, 4, 'NaN in gradient.set.'],
    ['a penalty', 'number/penalty', part('value'), 2, 'NaN in set loss of number'],
    ['a critic', 'number/critique', part('critic'), 2, 'NaN in critic of number.number'],
    ['the loss of a critic', 'number/critique', part('value'), 2, 'NaN in critic loss of number'],
    ['what the objective carries', 'practice', (x: Tree) => x, 2, 'NaN in state of the objective.weights'],
  ])('by %s is not taken, and names it and the step', async (_, program, pick, at, text) => {
    // Here the parts are replaced, so the sum must be recomputed from them.
    const engine = spoiled(program, pick, NaN, at)
    const summed = program === 'number/critique' && text.includes('number.number')
    const faulty = summed ? spoiltSum(program, at) : engine
    let last: DistillState | undefined
    let error: unknown
    try {
      for await (const { state } of distill(spec(faulty))) last = state
    } catch (caught) {
      error = caught
    }
    expect(String(error)).toContain(`distill: expected finite numbers, got ${text}`)
    expect(String(error)).toContain(' at step 2. The step was not taken.')
    expect(isNotFinite(error)).toBe(true)
    const first = await after(1)
    expect(numbers(last!)).toEqual(numbers(first))
    const rest: number[][][] = []
    for await (const { state } of distill(spec(referenceEngine()), last)) rest.push(numbers(state))
    expect(rest.at(-1)).toEqual(numbers(await after(4)))
  })

  it('is found in parameters that a rate has thrown out of all bounds', async () => {
    const far = spec(referenceEngine(), { optimizer: sgd({ learningRate: 3e38 }), games: [], steps: 3 })
    await expect(
      (async () => {
        for await (const _ of distill(far));
      })(),
    ).rejects.toThrow(/got (NaN|-?Infinity) in (loss|gradient\.set\.\S+|set\.\S+) at step [123]\./)
  })

  it('names its step, too, where an objective finds what is not finite while it draws', async () => {
    const plain = studentObjective({ steps: 2 })
    let draws = 0
    const draw = async (key: never, from: never) => {
      if (++draws === 2) throw notFiniteError('expert 7', { path: 'kernel', value: NaN }, 'after epoch 3', 'Again.')
      return plain.draw(key, from)
    }
    const run = async () => {
      for await (const _ of distill(spec(referenceEngine(), { objective: { ...plain, draw } as AnyObjective })));
    }
    await expect(run()).rejects.toThrow(
      'expert 7: expected finite numbers, got NaN in kernel after epoch 3, read for step 2.',
    )
  })

  it('leaves no tensor behind but the last state', async () => {
    await leakCheck(async () => {
      let last: DistillState | undefined
      try {
        for await (const { state } of distill(spec(spoiled('number/penalty', part('value'), Infinity, 2)))) last = state
      } catch {
        disposeTree(last!)
      }
    })
  })

  it('is not taken where the state before it is not finite already', async () => {
    const start = await startDistilling(spec(referenceEngine()))
    const bad = { ...start, set: mapTree((t) => tensor(new Float32Array(t.size).fill(NaN), t.shape), start.set) }
    await expect(distill(spec(referenceEngine()), bad).next()).rejects.toThrow('NaN in set.')
  })
})

/** The same for a critic, whose sum is checked first. */
function spoiltSum(program: string, at: number): Engine {
  const inner = spoiled(program, part('critic'), NaN, at)
  let calls = 0
  return {
    ...inner,
    compile: (name, fn) => {
      const run = inner.compile(name, fn)
      return async (...args) => {
        const result = await run(...args)
        if (name !== program || ++calls !== at) return result
        return { ...(result as object), sum: scalar(NaN) } as never
      }
    },
  }
}

describe('rates that were lowered', () => {
  it('scale the steps of the set, of what the objective learns and of critics', async () => {
    const plain = spec(referenceEngine(), { steps: 1, optimizer: sgd({ learningRate: 0.5 }), lowerRates: 0.25 })
    const start = () => startDistilling(plain)
    const moved = async (lowered?: number) => {
      const from = await start()
      const before = numbers([from.set, from.objective.params, from.games[0]!.critic] as Args).flat()
      const { value } = await distill(plain, { ...from, ...(lowered && { lowered }) }).next()
      const { state } = value as { state: DistillState }
      expect(state.lowered).toBe(lowered)
      return numbers([state.set, state.objective.params, state.games[0]!.critic] as Args)
        .flat()
        .map((v, i) => v - before[i]!)
    }
    const [whole, twice] = [await moved(), await moved(2)]
    // The critic is updated on the new set, which differs slightly.
    whole.forEach((by, i) => expect(twice[i]! / by, `${i}`).toBeCloseTo(1 / 16, 1))
  })
})

describe('what the objective learns', () => {
  it('never falls below the least that the objective states', async () => {
    const plain = studentObjective({ steps: 2 })
    const falling = (least?: Readonly<Record<string, number>>) =>
      spec(referenceEngine(), {
        objective: { ...plain, ...(least && { least }) } as AnyObjective,
        objectiveOptimizer: sgd({ learningRate: 1e4 }),
        games: [],
        steps: 1,
      })
    const rateAfter = async (least?: Readonly<Record<string, number>>) => {
      const { value } = await distill(falling(least)).next()
      return numbers((value as { state: DistillState }).state.objective.params).flat()[0]!
    }
    const free = await rateAfter()
    expect(await rateAfter({ rate: free + 1 })).toBeCloseTo(free + 1, 3)
    expect(await rateAfter({ rate: free - 1 })).toBe(free)
  })
})

describe('what is not finite is never written', () => {
  it.each([NaN, Infinity, -Infinity])('%d', async (value) => {
    const folder = await mkdtemp(join(tmpdir(), 'haba-finite-'))
    const params = { images: tensor([1, value], [2]) }
    await expect(saveTree(join(folder, 'a.safetensors'), { set: params })).rejects.toThrow(
      `a.safetensors: expected finite numbers, got ${value} in set.images before it was written.`,
    )
    await expect(writeSet(join(folder, 'set'), set, params, {})).rejects.toThrow(`got ${value} in images`)
    expect(await readdir(folder)).toEqual([])
  })
})
