import { disposeTree, type AnyParameterization } from '@haba/core'
import { shapesOf } from './finished-run.js'

/** How many floats a set will store, before it is distilled. */
export async function storedFloats(parameterization: AnyParameterization): Promise<number> {
  const params = await shapesOf(parameterization)
  const { floats } = parameterization.storage(params)
  disposeTree(params)
  return floats
}
