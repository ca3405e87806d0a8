import { mkdtemp, readFile, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  clampBelow,
  disposeTree,
  keyFrom,
  mapTree,
  namedLeaves,
  pixels,
  rowsOf,
  scalar,
  sgd,
  sub,
  square,
  mean,
  tensorLeaves,
  tensor,
  toSafetensors,
  valueAndGrad,
  mul,
  partition,
  regularizer,
  type Args,
  type Game,
  type Rows,
  type AnyObjective,
  type Parameterization,
  type RecurrenceObjective,
  type SetCodec,
  type Tree,
} from '@haba/core'
import { leakCheck, referenceEngine, toyData, toySet } from '@haba/testing'
import type { Scalar, Tensor } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { loadTree, saveTree } from './checkpoint.js'
import { distill } from './distill.js'
import type { DistillReport, DistillSpec, DistillState } from './spec.js'
import { startDistilling } from './start.js'
import { expand } from './expand.js'
import { readSet, writeSet } from './finished-set.js'
import { bind, differentiate } from './gradient.js'
import { recompute, store } from './stepper.js'
import { studentObjective } from './student-objective.fixture.js'

const real = toyData()
const set: Parameterization<Tree> = toySet({ image: real.image, classes: real.classes, views: 3 })

/** A minimal game: the set loss is the set's distance from the critic's number. */
const numberGame: Game<Rows, { readonly number: Scalar }> = {
  name: 'number',
  optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }),
  init: () => ({ number: scalar(0.5) }),
  draw: () => rowsOf(Int32Array.of(0, 1), 1),
  penalty: (move, s, critic) => mean(square(sub(s.render(move).images, critic.number))),
  critique: (move, s, critic) => square(sub(mean(s.render(move).images), critic.number)),
}

const spec = (objective: AnyObjective, options: Partial<DistillSpec> = {}): DistillSpec => ({
  engine: referenceEngine(),
  key: keyFrom(5),
  real,
  parameterization: set,
  objective,
  optimizer: sgd({ learningRate: 0.5, momentum: 0.5 }),
  objectiveOptimizer: clampBelow(0.001, sgd({ learningRate: 0.01, momentum: 0.9 })),
  games: [numberGame],
  steps: 4,
  ...options,
})
const numbers = (tree: Args) => tensorLeaves(tree).map((t) => [...t.dataSync()])

async function run(s: DistillSpec, from?: DistillState): Promise<DistillReport[]> {
  const reports: DistillReport[] = []
  for await (const report of distill(s, from)) reports.push(report)
  return reports
}

describe('learningRateScale', () => {
  it('scales the steps of the set, and of nothing else', async () => {
    const plain = studentObjective({ steps: 2 })
    const start = await startDistilling(spec(plain))
    const before = numbers(start.set).flat()
    const moved = async (objective: AnyObjective) => {
      const [{ state }] = (await run(spec(objective, { steps: 1, games: [] }))) as [DistillReport]
      return {
        by: numbers(state.set)
          .flat()
          .map((v, i) => v - before[i]!),
        rate: numbers(state.objective.params).flat(),
      }
    }
    const [whole, half] = [await moved(plain), await moved(Object.assign({}, plain, { learningRateScale: () => 0.5 }))]
    expect(Math.max(...whole.by.map(Math.abs))).toBeGreaterThan(1e-4)
    half.by.forEach((v, i) => expect(v).toBeCloseTo(whole.by[i]! / 2, 5))
    expect(half.rate).toEqual(whole.rate)
  })
})

describe('differentiate', () => {
  it.each([
    ['recompute', 0, recompute],
    ['store', 0, store],
    ['recompute', 0.9, recompute],
    ['store', 0.9, store],
  ])('gives the gradient of full backpropagation (%s, momentum %d)', async (_, momentum, how) => {
    const objective = studentObjective({ steps: 3, momentum }) as RecurrenceObjective
    const start = await startDistilling(spec(objective))
    const { params, state } = start.objective
    const drawn = await objective.draw(keyFrom(9), { real, layout: set.layout, state })
    const got = await differentiate(referenceEngine(), set, objective, how)(start.set, params, drawn)
    const full = await referenceEngine().compile('full', (at: Tree, of: Tree, common: Args, items: readonly Args[]) =>
      valueAndGrad(
        (x) => {
          const synthetic = bind(set, x.at)
          const last = items.reduce<Tree>(
            (carry, item) => objective.step(x.of, common, carry, objective.input(synthetic, common, item)),
            objective.start(common),
          )
          return objective.finish(x.of, common, last)
        },
        { at, of },
      ),
    )(start.set, params, drawn.common, drawn.items)
    expect(got.loss).toBeCloseTo(full.value.dataSync()[0]!, 6)
    const largest = (tree: Tree) => Math.max(...numbers(tree).flat().map(Math.abs))
    for (const [mine, theirs] of [
      [got.set, full.grad.at],
      [got.params, full.grad.of],
    ] as const) {
      const difference = await referenceEngine().compile('difference', (a: Tree, b: Tree) =>
        mapTree((x, y) => sub(x, y), a, b),
      )(mine, theirs)
      expect(largest(theirs)).toBeGreaterThan(0)
      expect(largest(difference) / largest(theirs)).toBeLessThan(1e-5)
    }
  })
})

describe('distill', () => {
  it('lowers the loss', async () => {
    const reports = await run(
      spec(studentObjective({ steps: 2 }), { steps: 12, games: [], optimizer: sgd({ learningRate: 5 }) }),
    )
    expect(reports.map((r) => r.step)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1))
    expect(reports.at(-1)!.loss).toBeLessThan(reports[0]!.loss)
  })

  it('gives the same numbers for the same key, and others for another', async () => {
    const [a, b, c] = await Promise.all(
      [5, 5, 6].map((seed) => run(spec(studentObjective({ steps: 2 }), { key: keyFrom(seed) }))),
    )
    expect(numbers(a!.at(-1)!.state)).toEqual(numbers(b!.at(-1)!.state))
    expect(numbers(a!.at(-1)!.state)).not.toEqual(numbers(c!.at(-1)!.state))
  })

  it('moves the critic once a step, on the updated set', async () => {
    const [report] = await run(spec(studentObjective({ steps: 1 }), { steps: 1, optimizer: sgd({ learningRate: 1 }) }))
    const { set: moved, games } = report!.state
    const images = (
      await referenceEngine().compile('render', set.render)(moved, rowsOf(Int32Array.of(0, 1), 1))
    ).images.dataSync()
    const average = [...images].reduce((total, v) => total + v, 0) / images.length
    expect(report!.critiques[0]).toBeCloseTo((average - 0.5) ** 2, 5)
    expect(namedLeaves(games[0]!.critic).get('number')!.dataSync()[0]).toBeCloseTo(0.5 - 0.1 * 2 * (0.5 - average), 5)
  })

  it('adds a regularizer, which has no critic, to the loss of the set', async () => {
    const darker = regularizer('darker', (s, rows) => mul(mean(square(s.render(rows).images)), 100))
    const brightness = async (state: DistillState) => {
      const images = await expand(referenceEngine(), set, state.set)
      return images.images.reduce((total, v) => total + v * v, 0) / images.images.length
    }
    const without = await run(spec(studentObjective({ steps: 1 }), { games: [] }))
    const reports = await run(spec(studentObjective({ steps: 1 }), { games: [darker] }))
    expect(reports.at(-1)!.penalties[0]).toBeLessThan(reports[0]!.penalties[0]!)
    expect(reports.map(({ critiques }) => critiques)).toEqual([[0], [0], [0], [0]])
    expect(await brightness(reports.at(-1)!.state)).toBeLessThan(0.8 * (await brightness(without.at(-1)!.state)))
  })

  it('is resumed bit for bit from a checkpoint on disk', async () => {
    const path = join(await mkdtemp(join(tmpdir(), 'haba-')), 'checkpoint.safetensors')
    const whole = await run(spec(studentObjective({ steps: 2 })))
    const half = await run(spec(studentObjective({ steps: 2 }), { steps: 2 }))
    await saveTree(path, half.at(-1)!.state)
    const rest = await run(spec(studentObjective({ steps: 2 })), await loadTree<DistillState>(path))
    expect(rest.map((r) => r.step)).toEqual([3, 4])
    expect(rest.map((r) => [r.loss, r.penalties, r.critiques])).toEqual(
      whole.slice(2).map((r) => [r.loss, r.penalties, r.critiques]),
    )
    expect(numbers(rest.at(-1)!.state)).toEqual(numbers(whole.at(-1)!.state))
  })

  it('leaves no tensor behind but the last state', async () => {
    await leakCheck(async () => {
      const reports = await run(spec(studentObjective({ steps: 2 })))
      disposeTree(reports.at(-1)!.state)
    })
  })

  it('refuses 0 steps, and classes too small to start from', async () => {
    await expect(run(spec(studentObjective({ steps: 1 }), { steps: 0 }))).rejects.toThrow(
      'distill: expected at least 1 step, got 0.',
    )
    const large = pixels({ image: real.image, classes: real.classes, perClass: 100 })
    await expect(run(spec(studentObjective({ steps: 1 }), { parameterization: large }))).rejects.toThrow(
      'distill: expected at least 100 real images of class 0, got 8.',
    )
  })
})

describe('saveTree', () => {
  it('is refused where it is cut short, by its name', async () => {
    const path = join(await mkdtemp(join(tmpdir(), 'haba-')), 'cut.safetensors')
    await saveTree(path, { a: tensor([1, 2, 3], [3]), n: 4, list: ['x', scalar(2)] })
    const back = await loadTree<{ a: Tree; n: number; list: readonly [string, Tree] }>(path)
    expect([numbers(back.a), back.n, back.list[0], numbers(back.list[1])]).toEqual([[[1, 2, 3]], 4, 'x', [[2]]])
    await truncate(path, (await readFile(path)).length - 4)
    await expect(loadTree(path)).rejects.toThrow('cut.safetensors, tensor list.1')
  })
})

/** Stores each value of -128 … 127 in a byte. */
const wholeNumbers: SetCodec = {
  name: 'whole numbers',
  encode: (tensors) => ({
    stored: new Map([...tensors].map(([name, t]) => [name, new Uint8Array(Int8Array.from(t.dataSync(), Math.round))])),
    parts: [...tensors].map(([name, t]) => ({ name, floats: t.size, bytes: t.size })),
  }),
  decode: (stored) =>
    new Map(
      [...stored].map(([name, bytes]) => [
        name,
        tensor([...new Int8Array(bytes as Uint8Array)], [2 * real.classes, ...real.image]),
      ]),
    ),
}

describe('a finished set', () => {
  it('comes back as it was written, in exactly the reported bytes', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'haba-set-'))
    const plain = pixels({ image: real.image, classes: real.classes, perClass: 2 })
    const { set: params } = await startDistilling(spec(studentObjective({ steps: 1 }), { parameterization: plain }))
    const written = await writeSet(folder, plain, params, { note: 'test' })
    const { params: read, manifest } = await readSet(folder, params)
    expect(manifest).toEqual(written)
    expect(numbers(read)).toEqual(numbers(params))
    const file = await readFile(join(folder, 'set.safetensors'))
    const header = 8 + Number(file.readBigUInt64LE(0))
    expect(file.length - header).toBe(manifest.storage.bytes)
    await expect(readSet(join(folder, 'nowhere'), params)).rejects.toThrow('Choose the folder of a finished run.')
  })

  it('keeps its fixed parts through a run, and packs them into the reported bytes', async () => {
    const plain = pixels({ image: real.image, classes: real.classes, perClass: 1 })
    const masked: Parameterization<Tree> = {
      ...plain,
      indexSets: { mask: { below: 100 } },
      init: async (key, seed) => ({
        ...(await plain.init(key, seed)),
        mask: tensor(Int32Array.of(0, 99, 5, 6, 40, 41), [3, 2]),
      }),
      render: (params, rows) => plain.render(params as never, rows),
    }
    const optimizer = partition({ images: sgd({ learningRate: 0.5, momentum: 0.5 }) })
    const masking = spec(studentObjective({ steps: 1 }), { parameterization: masked, optimizer, games: [], steps: 2 })
    const { set: first } = await startDistilling(masking)
    const { set: last } = (await run(masking)).at(-1)!.state as unknown as { set: { images: Tensor; mask: Tensor } }
    expect(numbers(last.images)).not.toEqual(numbers((first as typeof last).images))
    expect([last.mask.dtype, numbers(last.mask)]).toEqual(['int32', [[0, 99, 5, 6, 40, 41]]])
    const folder = await mkdtemp(join(tmpdir(), 'haba-set-'))
    const { storage } = await writeSet(folder, masked, last, {})
    expect(storage.parts.find(({ name }) => name === 'mask')?.bytes).toBe(8) // 3 · 2 · 7 bits in words of 32
    expect(numbers((await readSet(folder, first)).params)).toEqual(numbers(last))
    const file = await readFile(join(folder, 'set.safetensors'))
    expect(file.length - 8 - Number(file.readBigUInt64LE(0))).toBe(storage.bytes)
    const other = { ...(first as object), mask: tensor(new Int32Array(12), [3, 4]) } as Tree
    await expect(readSet(folder, other)).rejects.toThrow(
      'expected 3 words, got 2. The file was written with other settings.',
    )
  })

  it('is what its codec decodes, in the bytes that the codec reports', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'haba-set-'))
    const plain = pixels({ image: real.image, classes: real.classes, perClass: 2 })
    const { set: params } = await startDistilling(spec(studentObjective({ steps: 1 }), { parameterization: plain }))
    const written = await writeSet(folder, plain, params, {}, wholeNumbers)
    expect(written).toMatchObject({ version: 2, codec: 'whole numbers' })
    const { params: read, manifest } = await readSet(folder, params, wholeNumbers)
    expect(manifest).toEqual(written)
    expect(numbers(read)).toEqual(numbers(params as Tree).map((leaf) => leaf.map((v) => Math.round(v) + 0)))
    const file = await readFile(join(folder, 'set.safetensors'))
    expect(file.length - 8 - Number(file.readBigUInt64LE(0))).toBe(manifest.storage.bytes)
    await expect(readSet(folder, params)).rejects.toThrow(
      'expected a set without a codec, got one coded by whole numbers.',
    )
    const lying = { ...wholeNumbers, encode: () => ({ ...wholeNumbers.encode(namedLeaves(params)), parts: [] }) }
    await expect(writeSet(folder, plain, params, {}, lying)).rejects.toThrow('as whole numbers reports')
  })

  it('of the first version, with labels as numbers, still opens', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'haba-set-'))
    const params = { images: tensor([1, 2], [2, 1, 1, 1]) }
    const file = toSafetensors(new Map([...namedLeaves(params), ['labels', tensor(Int32Array.of(0, 1), [2])] as const]))
    await writeFile(join(folder, 'set.safetensors'), file)
    await writeFile(join(folder, 'set.json'), JSON.stringify({ format: 'haba-set', version: 1 }))
    expect(numbers((await readSet(folder, params, wholeNumbers)).params)).toEqual([[1, 2]])
  })

  it('is expanded by one program, however often', async () => {
    const { set: params } = await startDistilling(spec(studentObjective({ steps: 1 })))
    const engine = referenceEngine()
    const first = await expand(engine, set, params)
    expect(engine.stats.compilations).toBe(1)
    expect((await expand(engine, set, params)).images).toEqual(first.images)
    expect(engine.stats.compilations).toBe(1)
  })

  it('is expanded view by view', async () => {
    const { set: params } = await startDistilling(spec(studentObjective({ steps: 1 })))
    const rendered = await expand(referenceEngine(), set, params)
    const { slots, views, image } = set.layout
    expect(rendered.images.length).toBe(slots * views * image[0] * image[1] * image[2])
    const one = await referenceEngine().compile('one', set.render)(params, rowsOf(Int32Array.of(1), 2))
    const size = image[0] * image[1] * image[2]
    expect([...rendered.images.subarray((2 * slots + 1) * size, (2 * slots + 2) * size)]).toEqual([
      ...one.images.dataSync(),
    ])
  })
})
