import { foldIn, keyFrom, sizeOf, uniform, type Dataset, type RealSource } from '@haba/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { leakCheck } from '../leak-check.js'
import { expectFinite, numbersOf } from './values.js'

/** The data set under test. */
export interface TestDatasetOptions {
  readonly name: string
  readonly make: () => Dataset | Promise<Dataset>
  /** How many images there must be. */
  readonly sizes: { readonly train: number; readonly test: number }
  /** Largest error of a pixel in `[0, 1]` after preprocessing and back. @default 1e-3 */
  readonly tolerance?: number
}

/** Registers the tests that every data set must pass. */
export function testDataset({ name, make, sizes, tolerance = 1e-3 }: TestDatasetOptions): void {
  describe(`dataset: ${name}`, () => {
    let data: Dataset
    let rows: Int32Array
    let pixels: Uint8Array | Float32Array | undefined
    beforeAll(async () => {
      data = await make()
      rows = Int32Array.of(data.train.labels.length - 1, 0)
      // Before images are read: some sources forget them then.
      pixels = await data.train.pixels?.(rows)
    })

    it('names every class', () => {
      expect(data.classNames.length).toBe(data.classes)
      expect(new Set(data.classNames).size).toBe(data.classes)
    })

    describe.each(['train', 'test'] as const)('%s', (split) => {
      let source: RealSource
      beforeAll(() => {
        source = data[split]
      })

      it('has its size, and labels in range', () => {
        expect(source.labels.length).toBe(sizes[split])
        expect([source.image, source.classes]).toEqual([data.image, data.classes])
        expect([...source.labels].filter((label) => !(label >= 0 && label < data.classes))).toEqual([])
      })

      it('reads finite images row by row in the order that was asked for', async () => {
        const last = source.labels.length - 1
        const some = await source.images(Int32Array.of(last, 0, last))
        expect(some.shape).toEqual([3, ...data.image])
        expectFinite(some)
        const [first, alone] = [numbersOf(await source.images(Int32Array.of(0))), numbersOf(some)]
        const size = sizeOf(data.image)
        expect(alone.slice(size, 2 * size)).toEqual(first)
        expect(alone.slice(2 * size)).toEqual(alone.slice(0, size))
        if (last > 0) expect(alone.slice(0, size)).not.toEqual(first)
      })

      it('leaves no other tensor behind', async () => {
        await leakCheck(async () => (await source.images(Int32Array.of(0))).dispose())
      })
    })

    it('tells pixels before preprocessing, where it tells them', async () => {
      if (!pixels) return
      const { train, preprocessing, image } = data
      const images = await train.images(rows)
      const scale = pixels instanceof Uint8Array ? 255 : 1
      const applied = preprocessing.apply(
        Float32Array.from(pixels, (value) => value / scale),
        image,
      )
      numbersOf(images).forEach((value, i) => expect(Math.abs(value - applied[i]!)).toBeLessThan(tolerance))
      images.dispose()
    })

    it('inverts its preprocessing, and says what it is in JSON', () => {
      const { apply, invert, settings } = data.preprocessing
      const pixels = uniform(foldIn(keyFrom(16), name), 2 * sizeOf(data.image))
      const untouched = pixels.slice()
      const back = invert(apply(pixels, data.image), data.image)
      expect(Math.max(...back.map((v, i) => Math.abs(v - untouched[i]!)))).toBeLessThan(tolerance)
      expect(pixels, 'a new array, not the one that came in').toEqual(untouched)
      expect(JSON.parse(JSON.stringify(settings))).toEqual(settings)
    })
  })
}
