import { describe, expect, it } from 'vitest'
import { checkSizes, checkViews } from './sizes.js'

const context = { image: [32, 32, 3], classes: 10 } as const
const check = (options: object) => () => checkSizes({ use: 'x', ...options }, context, 2 ** 33)

describe('numbers of a configuration', () => {
  it.each([
    [
      { perClass: 1e12 },
      /x: expected what fits into the 8,192 MB of this machine, got perClass 1,000,000,000,000, which takes 117,187,500,000 MB at least/,
    ],
    [{ basesPerClass: 1e12 }, /basesPerClass/],
    [{ basesPerClass: 5e5, basis: [16, 16, 3] }, /basesPerClass 500,000, which takes 43,946 MB at least/],
    [{ hallucinators: 1e7 }, /hallucinators/],
    [{ realPerClass: 1e12 }, /realPerClass/],
    [{ width: 1e15 }, /width/],
    [{ width: 1e6, depth: 2 }, /width 1,000,000, which takes 3,814,709 MB at least/],
    [{ depth: 1e9 }, /depth/],
  ])('are refused with what they need at least: %j', (options, message) => {
    expect(check(options)).toThrow(message)
  })

  it('are taken as far as they may fit', () => {
    expect(check({ perClass: 5000, realPerClass: 5000, width: 4096, depth: 100, hallucinators: 1000 })).not.toThrow()
    expect(check({})).not.toThrow()
  })

  it('are refused where a class under all views does not fit into one step', () => {
    const layout = { ...context, slots: 600, views: 1e6, labels: new Int32Array(600) }
    expect(() => checkViews({ use: 'x' }, 'all', layout, 2 ** 33)).toThrow(
      /got 60,000,000 under all views, which take 2,109,375 MB at least/,
    )
    expect(() => checkViews({ use: 'x' }, 5, layout, 2 ** 33)).not.toThrow()
    expect(() => checkViews({ use: 'x' }, 'all', { ...layout, views: 5 }, 2 ** 33)).not.toThrow()
  })
})
