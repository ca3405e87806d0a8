import { keyFrom, type RenderedSet } from '@haba/core'
import { referenceEngine, tinyNetwork, toyData } from '@haba/testing'
import { describe, expect, it } from 'vitest'
import { classSteps, continual, joinSets, selectionAsSet, spreadClasses } from './continual.js'
import { numpyPermutation } from './numpy-permutation.js'
import { protocols } from './protocols.js'
import { relabeled } from './subset.js'

const real = toyData({ noise: 0.3 })

/** The first image of each class, from a source with only these classes, as for a method. */
async function firstOfEach(classes: readonly number[]): Promise<RenderedSet> {
  const some = relabeled(real, classes)
  const set = await selectionAsSet(
    some,
    Int32Array.from(classes.keys(), (label) => some.labels.indexOf(label)),
  )
  return spreadClasses(set, classes, real.classes)
}

describe('continual', () => {
  it('trains on all memory so far, and tests on the classes seen', async () => {
    const asked: (readonly number[])[] = []
    const curve = await continual({
      engine: referenceEngine(),
      network: tinyNetwork(),
      protocol: { ...protocols.dsa({ epochs: 12, learningRate: 0.05 }), weightDecay: 0 },
      test: real,
      key: keyFrom(3),
      networks: 1,
      order: [2, 0, 1],
      steps: 2,
      memory: (classes) => {
        asked.push(classes)
        return firstOfEach(classes)
      },
    })
    expect(asked).toEqual([[2, 0], [1]])
    expect(curve.map(({ step, seen, slots }) => ({ step, seen, slots }))).toEqual([
      { step: 1, seen: [2, 0], slots: 2 },
      { step: 2, seen: [2, 0, 1], slots: 3 },
    ])
    for (const { accuracy } of curve) expect(accuracy.mean).toBeGreaterThan(0.8)
  })
})

describe('classSteps', () => {
  it('gives the first steps one class more where they do not divide', () =>
    expect(classSteps([4, 3, 2, 1, 0], 2)).toEqual([
      [4, 3, 2],
      [1, 0],
    ]))
  it('refuses more steps than classes', () => expect(() => classSteps([0, 1], 3)).toThrow('expected 1 … 2 steps'))
})

describe('joinSets', () => {
  const set = (slots: number, labels: readonly number[], images: readonly number[]): RenderedSet => ({
    layout: { image: [1, 1, 1], classes: 3, slots, views: 2, labels: Int32Array.from(labels) },
    images: Float32Array.from(images),
    targets: new Float32Array(3 * slots),
  })
  it('keeps every view together', () => {
    const joined = joinSets(set(1, [0], [1, 10]), set(2, [1, 2], [2, 3, 20, 30]))
    expect([...joined.images]).toEqual([1, 2, 3, 10, 20, 30])
    expect(joined.layout).toMatchObject({ slots: 3, labels: Int32Array.of(0, 1, 2) })
  })
})

describe('numpyPermutation', () => {
  // The first ten of numpy.random.RandomState(seed).permutation(100) (seeds of the released code).
  it.each([
    [0, [26, 86, 2, 55, 75, 93, 16, 73, 54, 95]],
    [1, [80, 84, 33, 81, 93, 17, 36, 82, 69, 65]],
    [2, [83, 30, 56, 24, 16, 23, 2, 27, 28, 13]],
    [3, [93, 67, 6, 64, 96, 83, 98, 42, 25, 15]],
    [4, [20, 10, 96, 16, 63, 24, 53, 97, 41, 47]],
  ])('of seed %i is the order of classes that papers use', (seed, first) => {
    const order = numpyPermutation(seed, 100)
    expect(order.slice(0, 10)).toEqual(first)
    expect(new Set(order).size).toBe(100)
  })
})
