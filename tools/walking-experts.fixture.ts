import { fold, keyFrom, mapTree, normal, tensor, type Network } from '@haba/core'
import type { Experts } from '@haba/matching'

/** Made-up experts: random walks from fresh networks. */
export const walkingExperts = (network: Network): Experts => ({
  count: 2,
  epochs: 4,
  read: (expert, epoch) =>
    Promise.resolve(
      mapTree(
        (w) => {
          const walk = normal(fold(keyFrom(expert), w.size), w.size)
          return tensor(
            w.dataSync<'float32'>().map((v, i) => v + 0.1 * epoch * walk[i]!),
            w.shape,
          )
        },
        network.init(keyFrom(expert)).weights,
      ),
    ),
})
