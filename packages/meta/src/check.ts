import { HabaError } from '@haba/core'

/** Refuses anything but a whole number of at least 1. */
export function checkCount(who: string, name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1)
    throw new HabaError(who, `${name} to be a whole number of at least 1`, `${value}`, 'Mend the option.')
}
