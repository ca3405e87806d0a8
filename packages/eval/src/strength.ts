import { checkArguments, type RealSource, type RenderedSet } from '@haba/core'

/** Number of real images for the root mean square. */
const looked = 1000

/**
 * RMS ratio: root mean square of the pixels of all views, divided by that of real images. Near 1 for a set that looks
 * like data.
 *
 * A network with instance norm learns the same from images of any strength, so its accuracy does not show a rate that
 * is too large for hallucinators, whose few parameters change every pixel at once. A network without normalization
 * diverges on images with many times the RMS value of real ones, and changes of brightness have no effect on them.
 */
export async function imageStrength(set: RenderedSet, real: RealSource): Promise<number> {
  checkArguments('imageStrength', { set, real }, { set: 'rendered', real: 'real' })
  const all = real.labels.length
  const count = Math.min(all, looked)
  // From everywhere: sources may be sorted by class.
  const images = await real.images(Int32Array.from({ length: count }, (_, i) => Math.floor((i * all) / count)))
  const strength = rootMeanSquare(set.images) / rootMeanSquare(await images.data<'float32'>())
  images.dispose()
  return strength
}

const rootMeanSquare = (values: Float32Array) =>
  Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length)
