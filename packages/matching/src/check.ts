import { HabaError } from '@haba/core'

/** Refuses anything but a whole number of at least `least`. */
export function checkCount(who: string, name: string, value: number, least = 1): void {
  if (!Number.isInteger(value) || value < least)
    throw new HabaError(who, `${name} to be a whole number of at least ${least}`, `${value}`, 'Mend the option.')
}
