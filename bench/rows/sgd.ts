import { disposeTree, trainer, type Training } from '@haba/core'
import { batchOf, copyOf, key, network, share, shared, startWeights, type MakeRow } from './problem.js'

const rate = 0.01

/** Plain training: forward, backward, update. */
export const sgdRow: MakeRow = async ({ batch, repeat }, { engine, folder }) => {
  const { step } = trainer({ engine, network })
  const images = batchOf(batch)
  const start = startWeights()
  await share(folder, [...shared('start', start), ['images', images.images]])
  let training: Training = { weights: copyOf(start), state: {}, velocity: {} }
  const descend = async () => {
    const { next, loss } = await step(training, images, rate, key)
    disposeTree(training)
    training = next
    return loss
  }
  return {
    check: async () => ({ 'loss before': await descend(), 'loss after one step': await descend() }),
    round: async () => {
      let loss = 0
      for (let i = 0; i < repeat; i++) loss = await descend()
      return loss
    },
  }
}
