import { color, crop, cutout, flip, oneOf, rotate, scale, type OneOfDraw } from '@haba/augment'
import { type Augmentation } from '@haba/core'

/**
 * The six operations of the published strategy one after the other, draw by draw, in place of one at random: both sides
 * then do each of them equally often, and a warm-up meets all of them. What an operation draws stays random.
 */
export function inTurn(): Augmentation<OneOfDraw> {
  const members: readonly Augmentation[] = [color(), crop(), cutout(), flip(), scale(), rotate()]
  const { name, apply } = oneOf(members)
  let turn = 0
  return {
    name: `${name}, in turn`,
    apply,
    draw: (key, rows, image) => {
      const chosen = members[turn++ % members.length]!
      return {
        pick: members.findIndex((member) => member.apply === chosen.apply),
        draw: chosen.draw(key, rows, image),
      }
    },
  }
}
