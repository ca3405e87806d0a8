import type { Scalar } from '@tensorflow/tfjs-core'
import {
  add,
  bitsOfIndexSets,
  disposeTree,
  foldIn,
  grad,
  isFixed,
  keyFrom,
  labelBytes,
  mul,
  namedLeaves,
  normal,
  packIndexSets,
  rowsOf,
  sizeOf,
  square,
  storageOf,
  sum,
  tensor,
  tensorLeaves,
  treeFromJson,
  treeToJson,
  unpackIndexSets,
  type Batch,
  type Engine,
  type Parameterization,
  type RealSource,
  type Rows,
  type Tree,
} from '@haba/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { expectGradient } from '../expect-gradient.js'
import { leakCheck } from '../leak-check.js'
import { referenceEngine } from '../reference-engine.js'
import { seedFrom, toyData } from '../toys/toy-data.js'
import { expectFinite, expectNear, numbersOf, textOf } from './values.js'

/** The parameterization under test. */
export interface TestParameterizationOptions {
  /** Small: every pixel is computed in double precision many times. */
  readonly make: () => Parameterization<Tree>
  /** Images to start from. @default toyData() of the layout's image and classes */
  readonly real?: RealSource
  /** @default referenceEngine() */
  readonly engine?: () => Engine | Promise<Engine>
}

/** Registers the tests that every parameterization must pass. */
export function testParameterization({
  make,
  real,
  engine: makeEngine = referenceEngine,
}: TestParameterizationOptions) {
  const set = make()
  const { image, classes, slots, views, labels } = set.layout
  const source = real ?? toyData({ image, classes, perClass: Math.max(8, slots) })
  const key = foldIn(keyFrom(12), set.name)
  const initial = () => make().init(foldIn(key, 'init'), seedFrom(source))
  const everySlot = Int32Array.from({ length: slots }, (_, i) => i)
  const everyView = Array.from({ length: views }, (_, i) => i)

  // Weighing pixels unequally, so that no part's gradient cancels.
  const weights = tensor(normal(foldIn(key, 'weights'), slots * sizeOf(image)), [slots, ...image])
  const look = (params: Tree, rows: Rows): Scalar => {
    const { images, targets } = set.render(params, rows)
    return add(sum(mul(weights, add(images, mul(square(images), 0.5)))), sum(square(targets)))
  }

  describe(`parameterization: ${set.name}`, () => {
    let params: Tree
    let render: (params: Tree, rows: Rows) => Promise<Batch>
    let gradients: readonly Tree[]
    beforeAll(async () => {
      const engine = await makeEngine()
      params = await initial()
      render = engine.compile('render', (at: Tree, rows: Rows) => set.render(at, rows))
      const slope = engine.compile('slope', (at: Tree, rows: Rows) => grad((p: Tree) => look(p, rows), at))
      gradients = await Promise.all(everyView.map((view) => slope(params, rowsOf(everySlot, view))))
    })

    it('has a layout that holds together', () => {
      expect(labels.length).toBe(slots)
      expect([...labels].filter((label) => !(label >= 0 && label < classes))).toEqual([])
      expect(views).toBeGreaterThanOrEqual(1)
    })

    it('starts the same with the same key, and leaves no other tensor behind', async () => {
      await leakCheck(async () => {
        const one = make()
        // Twice from one object: what it remembers by itself would show.
        for (let i = 0; i < 2; i++) {
          const again = await one.init(foldIn(key, 'init'), seedFrom(source))
          expect(textOf(again)).toBe(textOf(params))
          disposeTree(again)
        }
      })
      expectFinite(params)
    })

    it.each(everyView)('renders finite images and targets that sum to 1, under view %i', async (view) => {
      const { images, targets } = await render(params, rowsOf(everySlot, view))
      expect(images.shape).toEqual([slots, ...image])
      expect(targets.shape).toEqual([slots, classes])
      expectFinite([images, targets])
      const values = numbersOf(targets)
      everySlot.forEach((slot) => {
        const row = values.slice(slot * classes, (slot + 1) * classes)
        expect(row.reduce((total, v) => total + v, 0)).toBeCloseTo(1, 5)
      })
    })

    it('renders each row by itself, under a view of its own: in any order, alone and repeatedly', async () => {
      const size = sizeOf(image)
      const rows = { length: Math.max(3, 2 * views) }
      const picked = Int32Array.from(rows, (_, row) => (row % 2 === 0 ? slots - 1 : 0))
      const seen = Int32Array.from(rows, (_, row) => (views - 1 + row) % views)
      const some = numbersOf((await render(params, rowsOf(picked, seen))).images)
      for (const view of everyView) {
        const all = numbersOf((await render(params, rowsOf(everySlot, view))).images)
        picked.forEach((slot, row) => {
          if (seen[row] !== view) return
          const wanted = all.slice(slot * size, (slot + 1) * size)
          expectNear(tensor(some.slice(row * size, (row + 1) * size), image), tensor(wanted, image), 1e-5)
        })
      }
    })

    if (views > 1)
      it('shows different images under different views', async () => {
        const seen = await Promise.all(
          everyView.map(async (view) => textOf((await render(params, rowsOf(everySlot, view))).images)),
        )
        expect(new Set(seen).size).toBe(views)
      })

    it('gives every learned part a gradient from some view, and fixed parts none', () => {
      const touched = (name: string) =>
        gradients.some((gradient) => numbersOf(namedLeaves(gradient).get(name)).some((v) => v !== 0))
      const wrong = [...namedLeaves(params)].filter(([name, leaf]) => touched(name) === isFixed(leaf))
      expect(wrong.map(([name]) => name)).toEqual([])
    })

    it.each(everyView)('has the gradient of finite differences, under view %i', (view) => {
      const rows = rowsOf(everySlot, view)
      expectGradient<Tree>({ fn: (p) => look(p, rows), at: params, gradient: gradients[view]! })
    })

    it('tells its storage exactly: all that is learned, and nothing else', () => {
      const { parts, floats, bits, bytes } = storageOf(set, params)
      const learned = tensorLeaves(params).filter((leaf) => !isFixed(leaf))
      const fixed = [...namedLeaves(params)].filter(([, leaf]) => isFixed(leaf))
      expect(floats).toBe(learned.reduce((total, leaf) => total + leaf.size, 0))
      expect(parts.reduce((total, part) => total + part.floats, 0)).toBe(floats)
      expect(8 * parts.reduce((total, part) => total + part.bytes, 0)).toBe(bits)
      expect(bytes).toBe(Math.ceil(bits / 8))
      const packed = fixed.map(([name, leaf]) => {
        const below = set.indexSets?.[name]?.below
        if (below === undefined) return leaf.size
        return Math.ceil(bitsOfIndexSets({ rows: leaf.shape[0], size: leaf.shape[1]!, below }) / 32)
      })
      expect(bytes).toBe(4 * (floats + packed.reduce((total, words) => total + words, 0)) + labelBytes(set.layout))
    })

    it('packs its index sets without loss', () => {
      for (const [name, { below }] of Object.entries(set.indexSets ?? {})) {
        const leaf = namedLeaves(params).get(name)!
        const sets = { rows: leaf.shape[0], size: leaf.shape[1]!, below }
        expect([leaf.rank, leaf.dtype]).toEqual([2, 'int32'])
        expect([...unpackIndexSets(packIndexSets(leaf.dataSync<'int32'>(), sets), sets)]).toEqual(numbersOf(leaf))
      }
    })

    if (set.zeros)
      it('has zeros of the shapes that it starts with', () => {
        const shapes = (tree: Tree) => [...namedLeaves(tree)].map(([name, { shape, dtype }]) => [name, shape, dtype])
        const zeros = set.zeros!()
        expect(shapes(zeros)).toEqual(shapes(params))
        expect(storageOf(set, zeros)).toEqual(storageOf(set, params))
        disposeTree(zeros)
      })

    it('renders the same after writing and reading its parameters', async () => {
      const again = treeFromJson<Tree>(JSON.parse(JSON.stringify(treeToJson(params))))
      const rows = rowsOf(everySlot, 0)
      expect(textOf(await render(again, rows))).toBe(textOf(await render(params, rows)))
    })
  })
}
