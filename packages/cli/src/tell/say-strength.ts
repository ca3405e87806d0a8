import type { RealSource, RenderedSet } from '@haba/core'
import { imageStrength } from '@haba/eval'
import type { Progress } from './progress.js'

/** From here on a person should know, who may look at accuracies only. */
const tooStrong = 10

/** Says when a set's images are far stronger than real ones. */
export async function sayStrength(name: string, set: RenderedSet, real: RealSource, { say }: Progress): Promise<void> {
  const strength = await imageStrength(set, real)
  if (strength > tooStrong)
    say(
      `${name}: its images are ${Math.round(strength).toLocaleString('en-US')} times as strong as real ones (root mean square), ` +
        'and networks without normalization may diverge on them. Try smaller rates.',
    )
}
