import type { RealSource, RenderedSet } from '@haba/core'

/** So many real images are enough for a root mean square. */
const looked = 1000

/**
 * How strong a set's images are beside real ones: the root mean square of all views by that of real images. Near 1 for a set
 * that looks like data.
 *
 * What a network with instance norm learns does not depend on it, so that a rate far too large for hallucinators, whose few
 * numbers move every pixel at once, is not seen in such a network's accuracy. One without normalisation diverges on images that
 * are many times too strong, and changes of brightness vanish beside them.
 */
export async function imageStrength(set: RenderedSet, real: RealSource): Promise<number> {
  const all = real.labels.length
  const count = Math.min(all, looked)
  // From everywhere: sources may be sorted by class.
  const images = await real.images(Int32Array.from({ length: count }, (_, i) => Math.floor((i * all) / count)))
  const strength = rootMeanSquare(set.images) / rootMeanSquare((await images.data()) as Float32Array)
  images.dispose()
  return strength
}

const rootMeanSquare = (values: Float32Array) =>
  Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length)
