import { checkArguments, foldIn, HabaError, integers, type Args, type Augmentation } from '@haba/core'

/** `pick` is static, because it selects the program that runs. */
export type OneOfDraw = { readonly pick: number; readonly draw: Args }

/**
 * Picks one augmentation for the whole batch, uniformly (the field's mode S). Members with the same `apply` (flip, crop, scale)
 * share the pick of the first, so that they run as one program.
 */
export function oneOf(members: readonly Augmentation[]): Augmentation<OneOfDraw> {
  checkArguments('oneOf', { members }, { members: 'members' })
  if (members.length === 0)
    throw new HabaError('oneOf', 'at least one augmentation', 'none', 'Pass `none` to leave images unchanged.')
  return {
    name: `oneOf(${members.map(({ name }) => name).join(', ')})`,
    draw: (key, rows, image) => {
      const chosen = members[integers(foldIn(key, 'pick'), 1, members.length)[0]!]!
      return {
        pick: members.findIndex(({ apply }) => apply === chosen.apply),
        draw: chosen.draw(foldIn(key, 'draw'), rows, image),
      }
    },
    apply: (images, { pick, draw }) => {
      const member = members[pick]
      if (!member)
        throw new HabaError('oneOf', `a pick below ${members.length}`, `${pick}`, 'Use a draw of the same list.')
      return member.apply(images, draw)
    },
  }
}
