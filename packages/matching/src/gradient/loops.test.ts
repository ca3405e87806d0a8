import { describe, expect, it } from 'vitest'
import { dccLoops, dcLoops } from './loops.js'

describe('published loops', () => {
  it('are given by images a class', () => {
    expect(dcLoops(10)).toEqual({ outer: 10, inner: 50 })
    expect(dcLoops(50)).toEqual({ outer: 50, inner: 10 })
  })

  it('of DC and DCC differ for one image a class', () => {
    expect(dcLoops(1)).toEqual({ outer: 1, inner: 1 })
    expect(dccLoops(1)).toEqual({ outer: 10, inner: 5 })
  })

  it('are named where others are asked for', () => {
    expect(() => dcLoops(3)).toThrow('dcLoops: expected images per class of 1, 10, 20, 30, 40, 50, got 3.')
    expect(() => dccLoops(20)).toThrow('dccLoops: expected images per class of 1, 10, 50, got 20.')
  })
})
