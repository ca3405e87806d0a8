import { tensor } from '@haba/core'
import { referenceEngine, testObjective, tinyNetwork } from '@haba/testing'
import { describe, expect, it } from 'vitest'
import { objectiveName, objectiveNameDistance } from './objective-name.js'

// A smooth network: with ReLU, finite differences would call a right gradient wrong.
testObjective({ make: () => objectiveName({ network: tinyNetwork(), realPerClass: 4 }) })

describe('objectiveNameDistance, by hand', () => {
  const compiled = referenceEngine().compile('objectiveNameDistance', objectiveNameDistance)
  const rows = (values: readonly number[]) => tensor(Float32Array.from(values), [values.length / 2, 2])
  const distance = async (real: readonly number[], synthetic: readonly number[]) =>
    (await (await compiled(rows(real), rows(synthetic))).data())[0]

  it('sums the squares over features', async () => {
    // Means (2, 3) and (1, 1): 1² + 2².
    expect(await distance([1, 2, 3, 4], [1, 1])).toBeCloseTo(5)
  })

  it('does not see what has the same mean', async () => {
    expect(await distance([0, 0, 2, 4], [1, 2, 1, 2, 1, 2])).toBeCloseTo(0)
  })
})
