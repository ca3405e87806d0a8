import type { RealSource, RenderedSet } from '@haba/core'
import { imageStrength } from '@haba/eval'
import type { Progress } from './progress.js'

/** RMS ratio above which to warn, because accuracies may not show it. */
const tooStrong = 10

/** Warns if the RMS pixel value of a set's images is far above that of real ones. */
export async function sayStrength(name: string, set: RenderedSet, real: RealSource, { say }: Progress): Promise<void> {
  const strength = await imageStrength(set, real)
  if (strength > tooStrong)
    say(
      `${name}: its images have ${Math.round(strength).toLocaleString('en-US')} times the RMS pixel value of real images; ` +
        'networks without normalization may diverge on them. Try smaller learning rates.',
    )
}
