import { keyFrom, type RenderedSet } from '@haba/core'
import { leakCheck, referenceEngine, tinyNetwork, toyData } from '@haba/testing'
import { describe, expect, it } from 'vitest'
import { evaluateDraws, evaluateReal, evaluateSet } from './evaluate.js'
import { protocols } from './protocols.js'

const real = toyData({ noise: 0.3 })
const network = tinyNetwork()
const quick = { ...protocols.dsa({ epochs: 12, learningRate: 0.05 }), weightDecay: 0 }

/** The first images of every class as a set of one view, or of two, the second with wrong labels. */
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

  it('tells of every training step', async () => {
    const told: string[] = []
    const onStep = (step: number, steps: number) => told.push(`${step} of ${steps}`)
    await evaluateSet(await setOf(1), { ...options, protocol: { ...quick, epochs: 2, batch: 2 }, onStep })
    // Three images in batches of two, twice, for each of two networks.
    const each = ['1 of 4', '2 of 4', '3 of 4', '4 of 4']
    expect(told).toEqual([...each, ...each])
  })

  it('trains network 1 alike with network 0 before it, or alone', async () => {
    const both = await evaluateSet(await setOf(1), options)
    const second = await evaluateSet(await setOf(1), { ...options, first: 1, networks: 1 })
    expect(second.accuracies).toEqual([both.accuracies[1]])
  })

  it('draws a view for every image of every epoch', async () => {
    // Images of the second view are empty: if only this view were drawn, nothing could be learned.
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
    // Trained on one class, it predicts that class everywhere: 8 of 8 + 9 + 10.
    expect(mean).toBeCloseTo(8 / 27, 6)
  })

  it('may choose other images for each network', async () => {
    const of = (label: number) => Int32Array.from([...real.labels.keys()].filter((i) => real.labels[i] === label))
    const { accuracies } = await evaluateDraws(real, options, of)
    expect(accuracies).toEqual([8 / 27, 9 / 27])
  })
})
