import { checkArguments, foldIn, HabaError, integers, type Args, type Augmentation } from '@haba/core'

/** `pick` is static: it says which way images are changed, and so which program runs. */
export type OneOfDraw = { readonly pick: number; readonly draw: Args }

/**
 * One augmentation for the whole batch, each as likely as the others (the field's mode S). Members that act alike and
 * differ only in what they draw (flip, crop, scale) are picked as the first of them, so they run as one program.
 */
export function oneOf(members: readonly Augmentation[]): Augmentation<OneOfDraw> {
  checkArguments('oneOf', { members }, { members: 'members' })
  if (members.length === 0)
    throw new HabaError('oneOf', 'at least one augmentation', 'none', 'Pass `none` to leave images as they are.')
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
        throw new HabaError('oneOf', `a pick below ${members.length}`, `${pick}`, 'Use a draw of this very list.')
      return member.apply(images, draw)
    },
  }
}
