import { disposeTree, foldIn, keyFrom, mapTree, normal, tensor, type Network } from '@haba/core'
import type { Experts } from '@haba/matching/experts'

/** Made-up experts: random walks from fresh networks. */
export const walkingExperts = (network: Network): Experts => ({
  count: 2,
  epochs: 4,
  read: (expert, epoch) => {
    const fresh = network.init(keyFrom(expert))
    const walked = mapTree((w) => {
      const walk = normal(foldIn(keyFrom(expert), w.size), w.size)
      return tensor(
        w.dataSync<'float32'>().map((v, i) => v + 0.1 * epoch * walk[i]!),
        w.shape,
      )
    }, fresh.weights)
    disposeTree(fresh)
    return Promise.resolve(walked)
  },
})
