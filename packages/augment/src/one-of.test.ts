import { foldIn, keyFrom, tensor, type Args } from '@haba/core'
import { referenceEngine } from '@haba/testing'
import type { Tensor4D } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { chain, color, fromStrategy, oneOf } from './index.js'

const strategy = 'color_crop_cutout_flip_scale_rotate'
const image = [4, 4, 2] as const

describe('oneOf', () => {
  it('compiles one program for flip, crop and scale: four for all six', async () => {
    const augmentation = fromStrategy(strategy)
    const engine = referenceEngine()
    const apply = engine.compile('apply', (x: Tensor4D, draw: Args) => augmentation.apply(x, draw))
    const images = tensor(new Float32Array(64).fill(1), [2, ...image])
    for (let i = 0; i < 40; i++) await apply(images, augmentation.draw(foldIn(keyFrom(1), i), 2, image))
    expect(engine.stats.compilations).toBe(4)
  })

  it('picks each member about as often', () => {
    const fake = (name: string) => ({ name, draw: () => ({}), apply: (x: Tensor4D) => x })
    const augmentation = oneOf(['a', 'b', 'c'].map(fake))
    const picks = Array.from({ length: 300 }, (_, i) => augmentation.draw(foldIn(keyFrom(2), i), 1, image).pick)
    for (const pick of [0, 1, 2]) expect(picks.filter((p) => p === pick).length).toBeGreaterThan(70)
  })

  it('refuses an empty list and a foreign draw', () => {
    expect(() => oneOf([])).toThrow(/at least one augmentation/)
    const images = tensor(new Float32Array(32), [1, ...image])
    expect(() => oneOf([color()]).apply(images, { pick: 3, draw: [] })).toThrow(/a pick below 1, got 3/)
  })
})

describe('fromStrategy', () => {
  it('is named by what it holds, and takes all in order where asked to', () => {
    expect(fromStrategy('flip_crop').name).toBe('oneOf(flip, crop)')
    expect(fromStrategy('flip_crop', chain).name).toBe('chain(flip, crop)')
    expect(fromStrategy('none').name).toBe('none')
  })

  it('names every word that it does not know', () => {
    expect(() => fromStrategy('flip_swirl_blur')).toThrow(/unknown "swirl", "blur" in "flip_swirl_blur"/)
  })
})
