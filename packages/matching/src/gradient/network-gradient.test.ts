import { keyFrom, tensor, type Network, type Tree } from '@haba/core'
import { referenceEngine } from '@haba/testing'
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { carriedNetwork } from './carried-network.js'
import { drawStatistics, gradientUnder } from './network-gradient.js'
import { linearNetwork, onePixelData } from './one-pixel.fixture.js'
import { practiceOnSet } from './practice.js'

/** The gradient of one image, 5, of class 0. */
async function gradientOf(network: Network) {
  const state = carriedNetwork({ network, turns: 1, practice: practiceOnSet({ epochs: 0 }) }).init(keyFrom(1))
  const statistics = await drawStatistics(keyFrom(2), onePixelData, state)
  const compute = referenceEngine().compile('gradient', (weights: Tree, running: Tree, measured: readonly Tensor4D[]) =>
    gradientUnder(network, { weights, state: running, statistics: measured })({
      images: tensor([5], [1, 1, 1, 1]),
      targets: tensor([1, 0], [1, 2]),
    }),
  )
  const gradient = await compute(state.training.weights, state.training.state, statistics)
  return { statistics, values: [...(gradient as Tensor).dataSync()] }
}

describe('gradientUnder', () => {
  it('is that of the cross-entropy where nothing is carried along', async () => {
    const { statistics, values } = await gradientOf(linearNetwork() as Network)
    expect(statistics).toEqual([])
    expect(values).toEqual([-2.5, 2.5])
  })

  it('freezes running statistics after one pass over images of all classes', async () => {
    const { statistics, values } = await gradientOf(linearNetwork(true) as Network)
    // All four images, of mean 2: the running mean moves by a tenth, to 0.2. The batch's own would be 5.
    expect([...statistics[0]!.dataSync()].sort()).toEqual([1, 1, 2, 4])
    expect(values[0]).toBeCloseTo(-(5 - 0.2) / 2, 6)
    expect(values[1]).toBeCloseTo((5 - 0.2) / 2, 6)
  })
})
