import type { Tensor } from '@tensorflow/tfjs-core'
import type { DType, Values } from '../spec/values.js'
import type { Args, Tree } from '../spec/tree.js'
import { hostTensor, hostValue, tensor } from './host.js'
import { mapTree } from './tree.js'

/** The same tensors for another owner. Values on the host are shared, because nothing writes to them. */
export const copyOf = <T extends Args>(tree: T): T =>
  mapTree((x: Tensor) => {
    const value = hostValue(x)
    return value ? hostTensor(value, x.shape, x.dtype as DType) : tensor(x.dataSync().slice() as Values, x.shape)
  }, tree)

/** Float32 zeros on the host, of the same shapes. */
export const zerosOf = <T extends Tree>(tree: T): T =>
  mapTree((x: Tensor) => tensor(new Float32Array(x.size), x.shape), tree)
