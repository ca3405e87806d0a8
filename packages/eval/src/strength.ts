import { checkArguments, type RealSource, type RenderedSet } from '@haba/core'

/** Real images that enter the root mean square. */
const looked = 1000

/**
 * RMS ratio: root mean square of the pixels of all views, divided by that of real images. It is near 1 if a set looks like
 * data.
 *
 * A network with instance normalization learns the same at any RMS ratio. So its accuracy does not reveal a learning rate
 * that is too large for hallucinators, whose few parameters change every pixel at once. A network without normalization
 * diverges on images with many times the RMS value of real ones, and augmentations of brightness have no effect on them.
 */
export async function imageStrength(set: RenderedSet, real: RealSource): Promise<number> {
  checkArguments('imageStrength', { set, real }, { set: 'rendered', real: 'real' })
  const all = real.labels.length
  const count = Math.min(all, looked)
  // Evenly spaced, because sources may be sorted by class.
  const images = await real.images(Int32Array.from({ length: count }, (_, i) => Math.floor((i * all) / count)))
  const strength = rootMeanSquare(set.images) / rootMeanSquare(await images.data<'float32'>())
  images.dispose()
  return strength
}

const rootMeanSquare = (values: Float32Array) =>
  Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length)
