import { rowsOf, vjp, type Rows } from '@haba/core'
import { multiFormation as formation, type MultiFormationParams } from '@haba/sets'
import type { Tensor4D } from '@tensorflow/tfjs-core'
import type { Comparison, GoldenCase } from '../golden-case.js'
import { concatenated, imageShapeOf, imagesOf, integersOf, listed, planesOf, rowsAt } from '../layouts.js'

interface Meta {
  readonly factors: readonly number[]
  readonly pad_value: number
}

/** Every view of every stored image, one view after the other, and the gradient of all of them in what is stored. */
export const multiFormation: GoldenCase = async ({ engine, meta, tensor }) => {
  const { factors, pad_value: padding } = meta as Meta
  const stored = tensor('images')
  const labels = integersOf(tensor('labels'))
  // The file's images are of any classes; here each is a class of its own.
  const count = labels.length
  const slots = Int32Array.from(labels.keys())
  const comparisons: Record<string, Comparison> = {}
  for (const factor of factors) {
    const set = formation({ image: imageShapeOf(stored), classes: count, perClass: 1, factor, padding })
    const views = [...Array(set.layout.views).keys()]
    const pull = engine.compile(`formation ${factor}`, (images: Tensor4D, rows: Rows, cotangent: Tensor4D) => {
      const { value, pull } = vjp((x: MultiFormationParams) => set.render(x, rows).images, { images })
      return { output: value, gradient: pull(cotangent).images }
    })
    const cotangent = tensor(`factor_${factor}.cotangent`)
    const seen = []
    for (const view of views) {
      const own = imagesOf(
        rowsAt(
          cotangent,
          [...slots].map((slot) => view * count + slot),
        ),
      )
      seen.push(await pull(imagesOf(stored), rowsOf(slots, view), own))
    }
    const outputs = seen.map(({ output }) => planesOf(output))
    const gradients = seen.map(({ gradient }) => planesOf(gradient).dataSync())
    const one = (name: string, got: Comparison['got']) => {
      comparisons[`factor_${factor}.${name}`] = { expected: tensor(`factor_${factor}.${name}`), got, order: 1 }
    }
    one('output', concatenated(outputs))
    one('labels', listed(...views.flatMap(() => labels)))
    one('grad.images', listed(...gradients.reduce((a, b) => a.map((v, i) => v + b[i]!))))
  }
  return comparisons
}
