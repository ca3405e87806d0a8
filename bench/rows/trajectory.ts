import { disposeTree, foldIn, pixels, type Args, type Parameterization, type Tree } from '@haba/core'
import { differentiate, recompute } from '@haba/distill'
import { trajectoryMatching } from '@haba/matching'
import {
  batchOf,
  classes,
  expertsOf,
  image,
  key,
  network,
  norm,
  numberOf,
  realImages,
  share,
  shared,
  startWeights,
  walked,
  type MakeRow,
} from './problem.js'

/** MTT's loss over many student steps with its gradient in the pixels and the step size, in the memory of one step. */
export const trajectoryRow: MakeRow = async ({ batch, steps }, { engine, folder }) => {
  const { images, targets } = batchOf(batch)
  targets.dispose()
  const start = startWeights()
  const target = walked(start)
  await share(folder, [...shared('start', start), ...shared('target', target), ['images', images]])

  const parameterization = pixels({ image, classes, perClass: batch / classes })
  const objective = trajectoryMatching({
    network,
    experts: expertsOf(start, target),
    steps,
    expertEpochs: 1,
    maxStartEpoch: 1,
  })
  const gradient = differentiate(engine, parameterization as unknown as Parameterization<Tree>, objective, recompute)
  const { params } = objective.init(key)
  const real = realImages(1)
  let drawn = 0
  const once = async () => {
    const draw = await objective.draw(foldIn(key, drawn++), { real, layout: parameterization.layout, state: {} })
    const result = await gradient({ images }, params, draw)
    disposeTree(draw.common, ...(draw.items as readonly Args[]))
    return result
  }
  return {
    differentiation: recompute.name,
    async check() {
      const { loss, set, params: learned } = await once()
      return { loss, 'gradient of pixels': norm(set), 'gradient of step size': numberOf(learned) }
    },
    async round() {
      const { loss, set, params: learned } = await once()
      disposeTree(set, learned)
      return loss
    },
  }
}
