import { HabaError } from '@haba/core'

/** Checks an option of a factory. */
export function assertBetween(who: string, option: string, value: number, low: number, high: number): void {
  if (!(value >= low && value <= high))
    throw new HabaError(who, `${option} from ${low} to ${high}`, `${value}`, `Change ${option}.`)
}
