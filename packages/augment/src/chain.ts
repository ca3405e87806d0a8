import { checkArguments, foldIn, type Args, type Augmentation } from '@haba/core'

/** Leaves images unchanged. */
export const none: Augmentation<Readonly<Record<string, never>>> = {
  name: 'none',
  draw: () => ({}),
  apply: (images) => images,
}

/** Applies all augmentations in order (the field's mode M). A draw is the list of their draws. */
export function chain(members: readonly Augmentation[]): Augmentation<readonly Args[]> {
  checkArguments('chain', { members }, { members: 'members' })
  return {
    name: `chain(${members.map(({ name }) => name).join(', ')})`,
    draw: (key, rows, image) => members.map((member, i) => member.draw(foldIn(key, i), rows, image)),
    apply: (images, draws) => members.reduce((x, member, i) => member.apply(x, draws[i]), images),
  }
}
