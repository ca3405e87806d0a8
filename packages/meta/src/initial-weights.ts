import { foldIn, mapTree, normal, sizeOf, tensor, type Key, type Prescription } from '@haba/core'

/** Makes the initial weights of each training; the caller owns them. */
export type InitialWeights = Prescription['initial']

/** New weights from the network's `init` each time. */
export const randomWeights: InitialWeights = (network, key) => network.init(key)

/** The same weights each time: the set then works far better with these weights than with others (DD, section 3.1). */
export const fixedWeights =
  (key: Key, of: InitialWeights = randomWeights): InitialWeights =>
  (network) =>
    of(network, key)

/**
 * New weights each time, as in DD's released code: kernels Xavier normal, `σ = √(2 / (fan in + fan out))`, biases 0. Weights
 * that the network initializes to a constant, such as the scales of a normalization, keep it.
 */
export const xavierWeights: InitialWeights = (network, key) => {
  const { weights, state } = network.init(key)
  let leaf = 0
  const drawn = mapTree((w) => {
    const own = foldIn(foldIn(key, 'xavier'), leaf++)
    const values = w.dataSync<'float32'>().slice()
    w.dispose()
    if (w.shape.length < 2) return tensor(values.every((v) => v === values[0]) ? values : values.fill(0), w.shape)
    const [inside, out] = w.shape.slice(-2) as [number, number]
    const field = sizeOf(w.shape.slice(0, -2))
    const deviation = Math.sqrt(2 / (field * (inside + out)))
    return tensor(
      normal(own, values.length).map((v) => deviation * v),
      w.shape,
    )
  }, weights)
  return { weights: drawn, state }
}
