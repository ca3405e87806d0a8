import { keyFrom, type RealSource, type RenderedSet } from '@haba/core'
import { leakCheck, referenceEngine, tinyNetwork, toyData } from '@haba/testing'
import { describe, expect, it } from 'vitest'
import { evaluateChosen } from './choose.js'
import { selectionAsSet } from './continual.js'
import { dataOfSet } from './evaluate.js'
import { protocols } from './protocols.js'
import { holdOut, relabeled } from './subset.js'

const real = toyData({ noise: 0.3, perClass: 10 })
const { train, validation } = holdOut(real, 0.2, keyFrom(1))

/** A source that records which images are read. */
const watched = (source: RealSource, name: string, log: string[]): RealSource => ({
  ...source,
  images: (indices) => {
    log.push(name)
    return source.images(indices)
  },
})

const blankOf = (set: RenderedSet): RenderedSet => ({ ...set, images: new Float32Array(set.images.length) })

describe('evaluateChosen', () => {
  it('chooses on validation data, and touches the test set once, at the end', async () => {
    const good = await selectionAsSet(train, Int32Array.from([0, 1, 2].map((label) => train.labels.indexOf(label))))
    const log: string[] = []
    const result = await evaluateChosen({
      engine: referenceEngine(),
      network: tinyNetwork(),
      key: keyFrom(3),
      networks: 1,
      validation: watched(validation, 'validation', log),
      test: watched(toyData({ noise: 0.3 }), 'test', log),
      protocolAt: (rate) => ({ ...protocols.ours({ epochs: 12, learningRate: rate }), weightDecay: 0 }),
      rates: [1e-6, 0.05],
      candidates: [
        { name: 'step 1', data: dataOfSet(blankOf(good)) },
        { name: 'step 2', data: dataOfSet(good) },
      ],
    })
    expect(result.choice).toMatchObject({ candidate: 'step 2', rate: 0.05 })
    expect(result.choice.trials.map(({ candidate, rate }) => [candidate, rate])).toEqual([
      ['step 2', 1e-6],
      ['step 2', 0.05],
      ['step 1', 0.05],
    ])
    expect(result.protocol).toMatchObject({ name: 'ours', rate: 0.05, rateFrom: 'validation' })
    expect(result.mean).toBeGreaterThan(0.8)
    expect(log).toEqual(['validation', 'validation', 'validation', 'test'])
  })

  it('leaves no tensor behind', async () => {
    const set = await selectionAsSet(train, Int32Array.of(0, 1))
    const options = { engine: referenceEngine(), network: tinyNetwork(), key: keyFrom(3), networks: 1, rates: [0.1] }
    const candidates = [{ name: 'only', data: dataOfSet(set) }]
    const protocolAt = (rate: number) => protocols.ours({ epochs: 1, learningRate: rate })
    await leakCheck(async () => {
      await evaluateChosen({ ...options, validation, test: validation, protocolAt, candidates })
    })
  })
})

describe('holdOut', () => {
  it('takes as large a part of every class, and no image twice', () => {
    expect([0, 1, 2].map((c) => [...validation.labels].filter((label) => label === c).length)).toEqual([2, 2, 2])
    expect(train.labels.length + validation.labels.length).toBe(real.labels.length)
  })
})

describe('relabeled', () => {
  it('numbers some classes anew, in the given order', async () => {
    const some = relabeled(real, [2, 0])
    expect(some.classes).toBe(2)
    const [first] = [...some.labels.keys()].filter((i) => some.labels[i] === 0)
    const same = await real.images(Int32Array.of(real.labels.indexOf(2)))
    expect((await some.images(Int32Array.of(first!))).dataSync()).toEqual(same.dataSync())
  })
})
