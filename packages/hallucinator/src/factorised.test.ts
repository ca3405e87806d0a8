import { keyFrom, rowsOf, swish, type Parameterization, type Tree } from '@haba/core'
import { referenceEngine, seedFrom, testParameterization, toyData } from '@haba/testing'
import { describe, expect, it } from 'vitest'
import { factorised, perClass, type FactorisedOptions } from './factorised.js'

const image = [6, 6, 2] as const
const make = (options: Partial<FactorisedOptions> = {}) =>
  factorised({ image, classes: 3, basesPerClass: 2, hallucinators: 3, ...options }) as unknown as Parameterization<Tree>

testParameterization({ make: () => make() })
testParameterization({
  make: () => ({ ...make({ basis: [4, 3, 1], activation: swish, kernel: 2, hidden: 3 }), name: 'small bases' }),
})
testParameterization({ make: () => make({ basesPerClass: [1, 2, 3], sharing: perClass }) })

describe('factorised', () => {
  const real = toyData({ image: [32, 32, 3], classes: 10, perClass: 3 })
  const floats = async (options: Partial<FactorisedOptions>) => {
    const set = factorised({ image: [32, 32, 3], classes: 10, basesPerClass: 1, ...options })
    return set.storage(await set.init(keyFrom(1), seedFrom(real))).floats
  }

  it('stores what the paper counts (spec §6.8)', async () => {
    expect(await floats({})).toBe(58_560)
    expect(await floats({ basis: [32, 32, 1], basesPerClass: 3 })).toBe(58_290)
    expect(await floats({ sharing: perClass })).toBe(10 * 3072 + 50 * 5568)
  })

  it('gives a class its own hallucinators the same images as shared ones with the same weights', async () => {
    const own = factorised({ image, classes: 1, basesPerClass: 2, hallucinators: 3, sharing: perClass })
    const common = factorised({ image, classes: 1, basesPerClass: 2, hallucinators: 3 })
    const params = await own.init(keyFrom(4), seedFrom(toyData({ image, classes: 1 })))
    const render = async (set: typeof own) => [
      ...(
        await referenceEngine().compile('render', set.render)(params, rowsOf(Int32Array.of(1, 0), 2))
      ).images.dataSync(),
    ]
    const [a, b] = [await render(own), await render(common)]
    a.forEach((value, i) => expect(value).toBeCloseTo(b[i]!, 5))
  })

  it.each([
    [{ hallucinators: 0 }, 'at least 1 hallucinator, got 0'],
    [{ kernel: 7 }, 'a kernel of 1 … 6, got 7'],
    [{ basesPerClass: [1, 2] }, 'for each of 3 classes, got 1,2'],
    [{ basis: [0, 3, 1] as const }, 'a basis of [height, width, channels], got [0,3,1]'],
  ])('refuses %j', (options, message) => expect(() => make(options)).toThrow(message))
})
