import {
  disposeTree,
  integers,
  keyFrom,
  mul,
  pixels,
  scalar,
  signature,
  uniform,
  type Augmentation,
  type Key,
  type Network,
} from '@haba/core'
import { referenceEngine, straightThrough, testObjective, tinyNetwork, toyData } from '@haba/testing'
import type { Scalar } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { contrastiveSignals, dccWarmUps, summed, type Signal } from './contrastive-signals.js'
import { squaredDistance } from './gradient-distance.js'
import { gradientMatching } from './gradient-matching.js'
import { linearNetwork, onePixelData, onePixelSet } from './one-pixel.fixture.js'
import { type SwitchedDraw } from '../switched.js'

/** Brighter by a number of each draw's own, or by none: two programs, as if of two operations. */
const either: Augmentation<{ readonly pick: number; readonly by: Scalar }> = {
  name: 'either',
  draw: (key) => ({ pick: integers(key, 1, 2)[0]!, by: scalar(1 + uniform(key, 1)[0]!) }),
  apply: (images, { pick, by }) => (pick === 0 ? images : mul(images, by)),
}
const options = { network: tinyNetwork(), realPerClass: 4, loops: { outer: 2, inner: 1 } }
const atOnce = { ...options, warmUps: { networks: 0, turns: 0 } }

testObjective({ make: () => contrastiveSignals(atOnce) })
testObjective({ make: () => ({ ...contrastiveSignals(options), name: 'contrastive signals, warming up' }) })
testObjective({ make: () => contrastiveSignals({ ...atOnce, augmentation: either as Augmentation }) })

describe('summed', () => {
  it('holds after either warm-up', () => {
    const at = (networks: number, turn: number) => summed(dccWarmUps, { networks, turn })
    expect([at(0, 0), at(249, 9), at(250, 0), at(0, 10), at(250, 10)]).toEqual([false, false, true, true, true])
  })
})

describe('contrastiveSignals', () => {
  const real = toyData()
  const set = pixels({ image: real.image, classes: real.classes, perClass: 2 })
  const draw = async (make = contrastiveSignals(atOnce), key: Key = keyFrom(3)) =>
    make.draw(key, { real, layout: set.layout, state: make.init(keyFrom(2)).state })
  const lossOf = async (objective: ReturnType<typeof contrastiveSignals>, ...values: readonly number[]) => {
    const one = await onePixelSet(...values)
    const from = { real: onePixelData, layout: one.set.layout, state: objective.init(keyFrom(2)).state }
    const drawn = await objective.draw(keyFrom(3), from)
    const loss = await referenceEngine().compile('loss', (at: typeof one.params) =>
      straightThrough(objective, { layout: one.set.layout, render: (rows) => one.set.render(at, rows) }, {}, drawn),
    )(one.params)
    return loss.dataSync()[0]
  }

  it('compares the sums of classes once: what they share cancels', async () => {
    const linear = { ...atOnce, network: linearNetwork() as Network, distance: squaredDistance }
    const warming = { ...linear, warmUps: dccWarmUps }
    // Real means are 3 and 1: the summed gradient is ±(3 - 1)/4, the set's ±(a - b)/4 for images a and b.
    expect(await lossOf(contrastiveSignals(linear), 5, 3)).toBeCloseTo(0, 6)
    expect(await lossOf(contrastiveSignals(linear), 6, 3)).toBeCloseTo(2 * (1 / 4) ** 2, 6)
    // Class by class: two entries of (2/2)² each, and (3/2)² for the first.
    expect(await lossOf(contrastiveSignals(warming), 5, 3)).toBeCloseTo(4, 6)
    expect(await lossOf(contrastiveSignals(warming), 6, 3)).toBeCloseTo(4.5 + 2, 6)
  })

  it('draws an operation for each class of a summed step, and all steps run as one program', async () => {
    const objective = contrastiveSignals({ ...atOnce, augmentation: either as Augmentation })
    const apart = gradientMatching({ ...options, augmentation: either as Augmentation })
    const signatures = new Set<string>()
    const combinations = new Set<string>()
    for (let i = 0; i < 8; i++) {
      const drawn = await draw(objective, keyFrom(i))
      const [{ classes }] = drawn.items as unknown as readonly [Extract<Signal, { classes: unknown }>]
      signatures.add(signature([classes]))
      const chosen = classes.map(({ augment }) => {
        const { chosen, draws } = augment as SwitchedDraw
        return draws[chosen.dataSync().indexOf(1)] as Parameters<typeof either.apply>[1]
      })
      combinations.add(chosen.map(({ pick }) => pick).join())
      // The same that DSA draws for these classes.
      const alone = await apart.draw(keyFrom(i), { real, layout: set.layout, state: apart.init(keyFrom(2)).state })
      expect(chosen.map(({ pick, by }) => [pick, by.dataSync()[0]])).toEqual(
        alone.items.map(({ augment }) => [
          (augment as { pick: number }).pick,
          (augment as { by: Scalar }).by.dataSync()[0],
        ]),
      )
      disposeTree(drawn.common, ...drawn.items, alone.common, ...alone.items)
    }
    expect(signatures.size).toBe(1)
    expect(combinations.size).toBeGreaterThan(2)
  })

  it('counts networks, so that the warm-up ends', async () => {
    const objective = contrastiveSignals({
      ...options,
      loops: { outer: 1, inner: 0 },
      warmUps: { networks: 1, turns: 9 },
    })
    const from = {
      engine: referenceEngine(),
      real,
      layout: set.layout,
      render: () => Promise.reject(new Error('none')),
    }
    const { state } = objective.init(keyFrom(2))
    const next = await objective.advance!(keyFrom(4), { ...from, state })
    expect(next).toMatchObject({ networks: 1, turn: 0 })
    expect((await objective.draw(keyFrom(5), { ...from, state: next })).items).toHaveLength(1)
  })

  it('refuses negative warm-ups', () => {
    expect(() => contrastiveSignals({ ...options, warmUps: { networks: -1, turns: 0 } })).toThrow(
      'contrastiveSignals: expected warmUps.networks to be a whole number of at least 0, got -1.',
    )
  })
})
