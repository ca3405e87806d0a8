import { keyFrom } from '@haba/core'
import { testAugmentation } from '@haba/testing'
import { describe, expect, it } from 'vitest'
import { fromStrategy, idcOrder } from './index.js'

const strategy = 'color_crop_cutout_flip_scale_rotate'
testAugmentation({ make: () => fromStrategy(strategy, idcOrder), draws: 3 })

describe('idcOrder', () => {
  it('flips, colors and cuts out always, with one of the others between', () => {
    expect(fromStrategy(strategy, idcOrder).name).toBe('chain(flip, color, oneOf(crop, scale, rotate), cutout)')
    expect(fromStrategy('color_crop_cutout', idcOrder).name).toBe('chain(color, oneOf(crop), cutout)')
    expect(fromStrategy('color', idcOrder).name).toBe('chain(color)')
  })

  it('of nothing changes nothing', () => {
    expect(idcOrder([]).draw(keyFrom(1), 1, [4, 4, 1])).toEqual({})
  })
})
