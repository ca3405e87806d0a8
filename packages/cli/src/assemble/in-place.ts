import { HabaError } from '@haba/core'
import { placeName, type Place } from '../config/place.js'

/** Errors of a part also name the place in the file that it was made from. */
export async function inPlace<T>(place: Place, make: () => T | Promise<T>): Promise<T> {
  try {
    return await make()
  } catch (error) {
    throw located(place, error)
  }
}

function located(place: Place, error: unknown): unknown {
  if (!HabaError.is(error)) return error
  const { source: who, expected, received: got, hint: todo } = error.facts
  return new HabaError(`${placeName(place)}: ${who}`, expected, got, todo, { cause: error })
}

/** The same where nothing is awaited. */
export function inPlaceSync<T>(place: Place, make: () => T): T {
  try {
    return make()
  } catch (error) {
    throw located(place, error)
  }
}
