import { keyFrom, tensor, type RenderedSet } from '@haba/core'
import { leakCheck, referenceEngine, tinyNetwork, toyData } from '@haba/testing'
import type { Tensor4D } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { evaluateReal, evaluateSet, rateAt, summarise } from './evaluate.js'
import { batchStandardisation, describeProtocol, protocols } from './protocol.js'

const real = toyData({ noise: 0.3 })
const network = tinyNetwork()
const quick = { ...protocols.dsa({ epochs: 12, rate: 0.05 }), weightDecay: 0 }

/** The first images of every class as a set of one view, or of two: the second with labels that lie. */
async function setOf(views: 1 | 2): Promise<RenderedSet> {
  const slots = [0, 1, 2].map((label) => real.labels.indexOf(label))
  const images = (await (await real.images(Int32Array.from(slots))).data()) as Float32Array
  const layout = { image: real.image, classes: 3, slots: 3, views, labels: Int32Array.of(0, 1, 2) }
  const all = new Float32Array(views * images.length)
  all.set(images)
  if (views === 2) all.fill(0, images.length)
  return { layout, images: all, targets: Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1) }
}
const options = { engine: referenceEngine(), network, protocol: quick, test: real, key: keyFrom(3), networks: 2 }

describe('evaluateSet', () => {
  it('learns the classes from one image each, the same with the same key', async () => {
    const [a, b] = [await evaluateSet(await setOf(1), options), await evaluateSet(await setOf(1), options)]
    expect(a).toEqual(b)
    expect(a.accuracies.length).toBe(2)
    expect(a.mean).toBeGreaterThan(0.8)
  })

  it('draws a view for every image of every epoch', async () => {
    // Images of the second view are empty; were it the only one drawn, nothing could be learned.
    const half = await evaluateSet(await setOf(2), options)
    const blank = await setOf(2)
    blank.images.fill(0)
    const nothing = await evaluateSet(blank, options)
    expect(half.mean).toBeGreaterThan(0.8)
    expect(nothing.mean).toBeLessThan(0.6)
  })

  it('leaves no tensor behind', async () => {
    const set = await setOf(1)
    await leakCheck(async () => {
      await evaluateSet(set, { ...options, networks: 1 })
    })
  })
})

describe('evaluateReal', () => {
  it('trains on the chosen images only', async () => {
    const chosen = Int32Array.from([...real.labels.keys()].filter((i) => real.labels[i] === 0))
    const { mean } = await evaluateReal(real, options, chosen)
    // Having seen one class only, it finds that class everywhere: 8 of 8 + 9 + 10.
    expect(mean).toBeCloseTo(8 / 27, 6)
  })
})

describe('protocols', () => {
  it('drop the rate at epoch index 502 of 1001, or 152 of 301, as the released codes do (spec §13)', () => {
    const protocol = protocols.mtt()
    expect([rateAt(protocol, 501), rateAt(protocol, 502), rateAt(protocol, 1000)]).toEqual([0.01, 0.001, 0.001])
    expect(protocols.dc().drop.epoch).toBe(152)
  })

  it('are told as plain data', () => {
    expect(describeProtocol(protocols.haba({ rate: 0.02 }))).toMatchObject({
      name: 'haba',
      rate: 0.02,
      transform: 'batch standardisation',
      augmentation: 'none',
    })
  })

  it('refuse a rate of 0', () =>
    expect(() => protocols.mtt({ rate: 0 })).toThrow('protocol mtt: expected a rate above 0, got 0.'))

  it('haba standardises a batch by one mean and one unbiased deviation', async () => {
    const images = tensor([1, 2, 3, 6], [2, 1, 1, 2]) as Tensor4D
    const out = await referenceEngine().compile('standardise', batchStandardisation.apply)(images)
    const deviation = Math.sqrt((4 + 1 + 0 + 9) / 3)
    ;[-2, -1, 0, 3].forEach((v, i) => expect(out.dataSync()[i]).toBeCloseTo(v / deviation, 6))
  })
})

describe('summarise', () => {
  it('uses the population deviation', () => {
    const { mean, std } = summarise([0.5, 0.7])
    expect(mean).toBeCloseTo(0.6, 12)
    expect(std).toBeCloseTo(0.1, 12)
  })
})
