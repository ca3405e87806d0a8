import type { ConvolutionAttributes } from '@haba/core'
import type { Attribute } from './saved-model.js'

/** Attributes of a convolution and of its gradients, from the shapes of images, kernel and result. */
export function convolutionAttributes(
  { strides, pads }: ConvolutionAttributes,
  x: readonly number[],
  kernel: readonly number[],
  y: readonly number[],
): Readonly<Record<string, Attribute>> {
  const [top, left, bottom, right] = pads
  const padding: Record<string, Attribute> = pads.every((pad) => pad === 0)
    ? { padding: { text: 'VALID' } }
    : isSame(0, top, bottom) && isSame(1, left, right)
      ? { padding: { text: 'SAME' } }
      : { padding: { text: 'EXPLICIT' }, explicit_paddings: { integers: [0, 0, top, bottom, left, right, 0, 0] } }
  return { T: { type: 'float32' }, strides: { integers: [1, ...strides, 1] }, ...padding }

  /** Whether TensorFlow's own padding is this one: every kernel takes that one, and some only that. */
  function isSame(axis: 0 | 1, before: number, after: number): boolean {
    const [length, size, stride, result] = [x[axis + 1]!, kernel[axis]!, strides[axis], y[axis + 1]!]
    const total = Math.max((result - 1) * stride + size - length, 0)
    return result === Math.ceil(length / stride) && before === Math.floor(total / 2) && after === total - before
  }
}
