import { HabaError } from '@haba/core'

/** Refuses a value of an option outside `low … high`. */
export function assertBetween(who: string, option: string, value: number, low: number, high: number): void {
  if (!(value >= low && value <= high))
    throw new HabaError(who, `${option} from ${low} to ${high}`, `${value}`, `Change ${option}.`)
}
