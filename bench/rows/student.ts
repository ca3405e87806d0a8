import { disposeTree, mapTree, scalar, studentStep, tensor, tensorLeaves, type Batch, type Tree } from '@haba/core'
import { store } from '@haba/distill'
import type { ConvNetWeights } from '@haba/networks'
import type { Scalar } from '@tensorflow/tfjs-core'
import { batchOf, network, norm, numberOf, share, shared, startWeights, type MakeRow } from './problem.js'

/** One student step taken and taken back: the vector-Jacobian product with a given cotangent of the new weights. */
export const studentRow: MakeRow = async ({ batch, repeat }, { engine, folder }) => {
  const step = store.compile(engine, 'student', (params, _, weights, input) =>
    studentStep(network, weights as ConvNetWeights, input as unknown as Batch, (params as { rate: Scalar }).rate),
  )
  const images = batchOf(batch)
  const start = startWeights()
  const params = { rate: scalar(0.01) }
  const input = images as unknown as Tree
  // The gradient itself: with a random cotangent, the gradient with respect to the step size nearly cancels.
  const moved = tensorLeaves((await step.forward({ rate: scalar(1) }, {}, start, input)).carry)
  let leaf = 0
  const given = mapTree((x) => {
    const to = moved[leaf++]!.dataSync<'float32'>()
    return tensor(
      x.dataSync<'float32'>().map((value, i) => value - to[i]!),
      x.shape,
    )
  }, start)
  await share(folder, [...shared('start', start), ...shared('cotangent', given), ['images', images.images]])
  // A step of rate 0 changes no number: it gives both as a step before, and after, leaves them to this one.
  const still = { rate: scalar(0) }
  const before = await step.forward(still, {}, start, input)
  const weights = before.carry
  const cotangent = (await step.backward(still, {}, start, input, before.kept, given)).carry
  const once = async () => {
    const { carry, kept } = await step.forward(params, {}, weights, input)
    const back = await step.backward(params, {}, weights, input, kept, cotangent)
    return { carry, kept, back }
  }
  return {
    differentiation: store.name,
    async check() {
      const { carry, back } = await once()
      return {
        'loss (new weights times cotangent)': innerProductOf(carry, cotangent),
        'gradient of pixels': norm((back.input as { images: Tree }).images),
        'gradient of step size': numberOf(back.params),
        'gradient of weights': norm(back.carry),
      }
    },
    async round() {
      let moved = 0
      for (let i = 0; i < repeat; i++) {
        const { carry, kept, back } = await once()
        moved = numberOf(back.params)
        disposeTree(carry, kept, back.params, back.carry, back.input)
      }
      return moved
    },
  }
}

function innerProductOf(a: Tree, b: Tree): number {
  const others = tensorLeaves(b)
  return tensorLeaves(a).reduce((total, x, i) => {
    const by = others[i]!.dataSync<'float32'>()
    return total + x.dataSync<'float32'>().reduce((sum, value, j) => sum + value * by[j]!, 0)
  }, 0)
}
