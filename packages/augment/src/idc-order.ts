import { checkArguments, type Augmentation } from '@haba/core'
import { chain, none } from './chain.js'
import { oneOf } from './one-of.js'

/**
 * IDC's way to combine operations (Kim et al., ICML 2022; `DiffAug` in the released code): flip, then color, then one of
 * crop, scale and rotate, then cutout, each where it is among the members. Unlike in DSA nothing but the third is left to
 * chance.
 */
export function idcOrder(members: readonly Augmentation[]): Augmentation {
  checkArguments('idcOrder', { members }, { members: 'members' })
  const always = (name: string) => members.filter((member) => member.name === name)
  const rest = members.filter(({ name }) => !['flip', 'color', 'cutout'].includes(name))
  const ordered = [
    ...always('flip'),
    ...always('color'),
    ...(rest.length > 0 ? [oneOf(rest)] : []),
    ...always('cutout'),
  ]
  return ordered.length === 0 ? none : chain(ordered)
}
