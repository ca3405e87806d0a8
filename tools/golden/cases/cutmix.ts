import { cutMix, cutMixBox, cutMixDraw, cutMixRatio, mixUp, mixUpDraw, type MixDraw } from '@haba/augment'
import { crossEntropy, type Batch, type Mixing } from '@haba/core'
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core'
import type { Comparison, GoldenCase } from '../golden-case.js'
import { imageShapeOf, imagesOf, integersOf, listed, oneHotOf, planesOf } from '../layouts.js'

const BOXES = ['interior', 'clamped', 'odd'] as const

/** Cutmix under three stored boxes and mixup: images, targets, and the cross-entropy of given logits. */
export const cutmix: GoldenCase = async ({ engine, tensor }) => {
  const logits = tensor('logits') as Tensor2D
  const partner = integersOf(tensor('permutation'))
  const image = imageShapeOf(tensor('images'))
  const batch: Batch = {
    images: imagesOf(tensor('images')),
    targets: oneHotOf(integersOf(tensor('labels')), logits.shape[1]),
  }
  const comparisons: Record<string, Comparison> = {}
  const compare = (name: string, got: Tensor) => (comparisons[name] = { expected: tensor(name), got, order: 1 })
  const mix = async (name: string, { apply }: Mixing<MixDraw>, draw: MixDraw) => {
    const compute = engine.compile(name, (x: Batch, drawn: MixDraw, scores: Tensor2D) => {
      const mixed = apply(x, drawn)
      return { ...mixed, loss: crossEntropy(scores, mixed.targets) }
    })
    const { images, targets, loss } = await compute(batch, draw, logits)
    compare(`${name}.images`, planesOf(images))
    compare(`${name}.targets`, targets)
    compare(`${name}.loss`, loss)
  }
  for (const name of BOXES.map((box) => `cutmix_${box}`)) {
    const [lambda] = tensor(`${name}.lambda`).dataSync()
    const center = integersOf(tensor(`${name}.center`)) as [number, number]
    const box = cutMixBox(lambda!, center, image)
    compare(`${name}.box`, listed(...box))
    compare(`${name}.ratio`, listed(cutMixRatio(box, image)))
    await mix(name, cutMix(), cutMixDraw(lambda!, center, partner, image))
  }
  await mix('mixup', mixUp(), mixUpDraw(tensor('mixup.lambda').dataSync()[0]!, partner))
  return comparisons
}
