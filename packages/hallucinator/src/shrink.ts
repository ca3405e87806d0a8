import type { Tensor4D } from '@tensorflow/tfjs-core'
import { sizeOf, tensor, type ImageShape } from '@haba/core'

/** Images area-averaged to a basis's size, and averaged over channels if the basis has another number of them. Disposes `images`. */
export async function shrunk(images: Tensor4D, basis: ImageShape): Promise<Tensor4D> {
  const [count, height, width, channels] = images.shape
  if (height === basis[0] && width === basis[1] && channels === basis[2]) return images
  const values = await images.data<'float32'>()
  images.dispose()
  const result = new Float32Array(count * sizeOf(basis))
  const span = (i: number, from: number, to: number) =>
    [Math.floor((i * from) / to), Math.max(Math.floor((i * from) / to) + 1, Math.ceil(((i + 1) * from) / to))] as const
  let at = 0
  for (let n = 0; n < count; n++)
    for (let y = 0; y < basis[0]; y++)
      for (let x = 0; x < basis[1]; x++)
        for (let c = 0; c < basis[2]; c++) {
          const [top, bottom] = span(y, height, basis[0])
          const [left, right] = span(x, width, basis[1])
          const [first, last] = channels === basis[2] ? [c, c + 1] : [0, channels]
          let total = 0
          for (let i = top; i < bottom; i++)
            for (let j = left; j < right; j++)
              for (let k = first; k < last; k++) total += values[((n * height + i) * width + j) * channels + k]!
          result[at++] = total / ((bottom - top) * (right - left) * (last - first))
        }
  return tensor(result, [count, ...basis])
}
