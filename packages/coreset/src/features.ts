import type { Tensor4D } from '@tensorflow/tfjs-core'
import {
  checkArguments,
  disposeTree,
  type Engine,
  type Network,
  type RealSource,
  type Training,
  type Tree,
} from '@haba/core'
import type { Matrix } from './matrix.js'

/** Computes features of real images by their indices: one row each. */
export type Features = (indices: Int32Array) => Promise<Matrix>

/** Options of `featuresOf`. */
export interface FeaturesOptions {
  readonly engine: Engine
  readonly network: Network
  /** Its weights and running statistics. */
  readonly trained: Pick<Training, 'weights' | 'state'>
  readonly real: RealSource
  /** Images per batch. @default 256 */
  readonly batch?: number
}

/** The features of a trained network: inputs of its classifier, in evaluation mode. */
export function featuresOf(options: FeaturesOptions): Features {
  const {
    engine,
    network,
    trained,
    real,
    batch = 256,
  } = checkArguments('featuresOf', options, { engine: 'engine', network: 'network', trained: 'object', real: 'real' })
  const embed = engine.compile(
    `${network.name}/features`,
    (weights: Tree, state: Tree, images: Tensor4D) =>
      network.apply(weights, images, { kind: 'evaluate', state }).features,
  )
  return async (indices) => {
    const parts: Float32Array[] = []
    for (let from = 0; from < indices.length; from += batch) {
      const images = await real.images(indices.slice(from, from + batch))
      const features = await embed(trained.weights, trained.state, images)
      parts.push(Float32Array.from(await features.data<'float32'>()))
      disposeTree(images, features)
    }
    const values = new Float32Array(parts.reduce((total, part) => total + part.length, 0))
    parts.reduce((at, part) => (values.set(part, at), at + part.length), 0)
    return { values, rows: indices.length, columns: values.length / indices.length }
  }
}

/** Default size of the cache of `remembered`, in bytes. */
const KEPT = 2 ** 28

/**
 * Caches features by indices.
 *
 * @param most size of the cache in bytes; features beyond it are recomputed @default 2 ** 28
 */
export function remembered(features: Features, most = KEPT): Features {
  const kept = new Map<string, Matrix>()
  let left = most
  return async (indices) => {
    const name = indices.join()
    const cached = kept.get(name)
    if (cached) return cached
    const found = await features(indices)
    const { byteLength } = found.values
    if (byteLength <= left) {
      kept.set(name, found)
      left -= byteLength
    }
    return found
  }
}
