import type { Game, Network } from '@haba/core'
import { batchNormalized, testGame, tinyNetwork, toySet } from '@haba/testing'
import { describe, expect, it } from 'vitest'
import { adversarialContrast } from './adversarial-contrast.js'
import { instanceContrastive } from './contrastive.js'

const oneView = { ...toySet().layout, views: 1 }
const make = (options: Partial<Parameters<typeof adversarialContrast>[0]> = {}) =>
  adversarialContrast({ network: tinyNetwork(), ...options }) as unknown as Game

testGame({ make: () => make(), unfit: [oneView] })
testGame({ make: () => ({ ...make({ contrast: instanceContrastive(), batch: 3 }), name: 'instance contrast' }) })
testGame({
  make: () => ({
    ...make({ network: batchNormalized(tinyNetwork(), toySet().layout.image[2]) as unknown as Network }),
    name: 'a critic with batch normalization',
  }),
})

describe('adversarialContrast', () => {
  it('refuses a negative weight', () =>
    expect(() => make({ weights: { cosine: -1 } })).toThrow(
      'adversarialContrast: expected a weight "cosine" of at least 0, got -1.',
    ))
})
