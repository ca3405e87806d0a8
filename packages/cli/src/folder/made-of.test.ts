import { fromArrays } from '@haba/datasets'
import type { Dataset, Preprocessing } from '@haba/core'
import { describe, expect, it } from 'vitest'
import { checkParts, checkRun, halfOf, imagesHash, inOrderOf, measuredOf, type MadeOf } from './made-of.js'

const image = [1, 2, 1] as const
/** Image i of a class has the bytes 10 · class + i, and 0. */
function dataOf(classNames: readonly string[], counts: Readonly<Record<string, number>>, more: Partial<Dataset> = {}) {
  const rows = classNames.flatMap((name, label) =>
    Array.from({ length: counts[name]! }, (_, i) => ({ label, pixels: [10 * name.charCodeAt(0) - 960 + i, 0] })),
  )
  const split = {
    pixels: Uint8Array.from(rows.flatMap(({ pixels }) => pixels)),
    labels: rows.map(({ label }) => label),
  }
  return { ...fromArrays({ name: 'made up', image, classNames, train: split, test: split }), ...more }
}
const half = ({ train, classNames, preprocessing }: Dataset) => halfOf(train, classNames, preprocessing)

describe('halfOf', () => {
  it('does not depend on the order of the classes, and counts images by name', async () => {
    const counts = { a: 2, b: 3 }
    const there = await half(dataOf(['a', 'b'], counts))
    expect(there).toMatchObject({ images: counts, read: 5 })
    expect(await half(dataOf(['b', 'a'], counts))).toEqual(there)
    expect((await half(dataOf(['a', 'b'], { a: 3, b: 2 }))).content).not.toBe(there.content)
  })

  it('is of the pixels, however they are preprocessed, and whether the source tells them or not', async () => {
    const data = dataOf(['a', 'b'], { a: 2, b: 3 })
    const there = await half(data)
    const seen: Preprocessing = {
      name: 'made up',
      settings: {},
      apply: (pixels) => pixels.map((value) => value / 3 - 0.1),
      invert: (values) => values.map((value) => 3 * (value + 0.1)),
    }
    const pixels = Uint8Array.from([10, 0, 11, 0, 20, 0, 21, 0, 22, 0])
    const split = { pixels, labels: [0, 0, 1, 1, 1] }
    const other = fromArrays({
      name: 'other',
      image,
      classNames: ['a', 'b'],
      preprocessing: seen,
      train: split,
      test: split,
    })
    expect(await half(other)).toEqual(there)
    const { pixels: _, ...hidden } = other.train
    expect(await halfOf(hidden, other.classNames, seen)).toEqual(there)
  })

  it('tells one other byte, and reads at most 1,000 images', async () => {
    const many = (changed: number) => {
      const pixels = new Uint8Array(2 * 3000).fill(7)
      pixels[changed] = 8
      const split = { pixels, labels: Array.from({ length: 3000 }, (_, i) => i % 2) }
      return half(fromArrays({ name: 'many', image, classNames: ['a', 'b'], train: split, test: split }))
    }
    const first = await many(0)
    expect(first.read).toBe(1000)
    expect((await many(1)).content).not.toBe(first.content)
  })
})

describe('inOrderOf', () => {
  it('matches classes by name', async () => {
    const data = inOrderOf(dataOf(['a', 'b'], { a: 1, b: 2 }), ['b', 'a'])
    expect([data.classNames, [...data.train.labels]]).toEqual([
      ['b', 'a'],
      [1, 0, 0],
    ])
    expect([...(await data.train.pixels!(Int32Array.of(0)))!]).toEqual([10, 0])
  })

  it('leaves other classes as they are', () => {
    const data = dataOf(['a', 'b'], { a: 1, b: 1 })
    for (const names of [['a', 'b'], ['a', 'c'], ['a'], ['a', 'b', 'c']]) expect(inOrderOf(data, names)).toBe(data)
  })
})

describe('parts', () => {
  const content = 'f'.repeat(64)
  const made: MadeOf = {
    classes: ['a'],
    image,
    train: { images: { a: 2 }, read: 2, content },
    test: { images: { a: 1 }, read: 1, content },
    preprocessing: { name: 'identity', settings: {} },
    network: 'net',
    augmentation: 'none',
    run: 'r',
  }

  it('that differ are refused with both sides and the cure', () => {
    const other = { ...made, test: { ...made.test, images: { a: 3 } } }
    expect(() => checkRun({ folder: 'runs/x', made }, other, ['test'])).toThrow(
      'run runs/x: data: expected test.images.a 1, got test.images.a 3. Pass the data that it was made of with --data',
    )
    checkParts('x', made, other, ['train', 'network'], '')
  })

  it('that a run of an earlier version does not know are not compared', () => {
    checkRun({ folder: 'x', made: { classes: ['a'] } }, { ...made, network: 'other' }, ['classes', 'test', 'network'])
    expect(() => checkRun({ folder: 'x', made: { classes: ['b'] } }, made, ['classes', 'test'])).toThrow(
      'classes.0 "b"',
    )
  })

  it('of a measurement are those that it depends on', () => {
    const described = { name: 'dsa', version: 1, hash: 'h' }
    expect(Object.keys(measuredOf({ folder: 'x', made }, described).parts)).toEqual([
      ...['classes', 'image', 'test', 'preprocessing', 'run', 'protocol'],
    ])
    expect(imagesHash(made)).toBe(imagesHash({ ...made, run: 'other' }))
    expect(imagesHash(made)).not.toBe(imagesHash({ ...made, network: 'other' }))
  })

  it('of another preprocessing are told by its numbers', () => {
    const of = (mean: number): Pick<Preprocessing, 'name' | 'settings'> => ({
      name: 'standardize',
      settings: { mean: [mean] },
    })
    expect(() =>
      checkParts('x', { preprocessing: of(0.1) }, { preprocessing: of(0.2) }, ['preprocessing'], ''),
    ).toThrow('expected preprocessing.settings.mean.0 0.1, got preprocessing.settings.mean.0 0.2')
  })
})
