/** An objective of one's own: the mean image of every class, matched directly, without a network. */
import type { Tensor4D } from '@tensorflow/tfjs-core'
import {
  drawProducts,
  drawSome,
  foldIn,
  indicesByClass,
  keyFrom,
  mean,
  pixels,
  sgd,
  slotsOfClass,
  square,
} from '@haba/core'
import { sub, sum, type None, type Rows, type SumObjective } from '@haba/core'
import { mnist } from '@haba/datasets'
import { distill } from '@haba/distill'
import { onnxEngine } from '@haba/engine-onnx'

type Item = { readonly real: Tensor4D; readonly rows: Rows }

/** `‖mean(real) − mean(synthetic)‖²` over pixels; an item is a class. */
const meanMatching = ({ realPerClass }: { readonly realPerClass: number }): SumObjective<None, Item, None, None> => ({
  kind: 'sum',
  name: 'mean matching',
  init: () => ({ params: {}, state: {} }),
  // All chance and all reading is here.
  async draw(key, { real, layout }) {
    const classes = indicesByClass(real.labels, real.classes)
    const items = classes.map(async (members, label): Promise<Item> => {
      const ofClass = foldIn(key, label)
      const images = await real.images(drawSome(foldIn(ofClass, 'real'), members, realPerClass))
      return { real: images, rows: drawProducts(foldIn(ofClass, 'views'), layout, slotsOfClass(layout, label), 'all') }
    })
    return { common: {}, items: await Promise.all(items) }
  },
  // The same function at every step: it is compiled once, and differentiated.
  term: (set, _params, _common, { real, rows }) => sum(square(sub(mean(real, 0), mean(set.render(rows).images, 0)))),
})

const { train, image, classes } = await mnist()
const run = distill({
  engine: onnxEngine(),
  key: keyFrom(1),
  real: train,
  parameterization: pixels({ image, classes, perClass: 3 }),
  objective: meanMatching({ realPerClass: 128 }),
  optimizer: sgd({ learningRate: 0.5 }),
  steps: 20,
})
for await (const { step, loss } of run) if (step % 5 === 0) console.log(`step ${step}: loss ${loss.toFixed(1)}`)
