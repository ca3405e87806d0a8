import { checkArguments, type Augmentation } from '@haba/core'
import { chain, none } from './chain.js'
import { oneOf } from './one-of.js'

/**
 * IDC's combination of operations (Kim et al., ICML 2022; `DiffAug` in the released code): flip, then color, then one of crop,
 * scale and rotate, then cutout; absent members are skipped. Unlike in DSA, only the third is chosen at random.
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
