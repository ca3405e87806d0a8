import { engine, Tensor, type NamedAttrMap, type NamedTensorMap } from '@tensorflow/tfjs-core'
import { HabaError } from '../errors.js'
import { hostValue } from '../tree/host.js'
import { isRecording, record } from './record.js'

const HINT =
  'Use the op of @haba/core (a tf.LayersModel: fromLayersModel of @haba/tfjs); around what is constant, use stopGradient.'

const refusal = (who: string, kernel: string) =>
  new HabaError(who, 'ops of @haba/core only', `the tfjs kernel ${kernel}, which has no derivative here`, HINT)

const isTraced = (x: Tensor): boolean => {
  const value = hostValue(x)
  return value !== undefined && 'node' in value
}

let watching = false

/**
 * Runs `fn` and notes every tfjs kernel that is not run by an op of core: on a traced tensor it throws at once; inside a
 * derivative its result is marked, and a derivative that reaches the mark throws. Otherwise such a derivative would be
 * zero, or a part of the gradient.
 */
export function watchingPlainOps<R>(fn: () => R): R {
  if (watching) return fn()
  const tfjs = engine()
  watching = true
  // On the instance: every tfjs op looks `runKernel` up here; core's own calls go to the prototype (`runOwnKernel`).
  tfjs.runKernel = <T extends Tensor | Tensor[]>(kernel: string, inputs: NamedTensorMap, attributes?: NamedAttrMap) => {
    const operands = Object.values(inputs).filter((x) => x instanceof Tensor)
    if (operands.some(isTraced)) throw refusal('compile', kernel)
    const made = runOwnKernel<T>(kernel, inputs, attributes)
    if (isRecording())
      for (const result of [made].flat())
        // Nothing flows through whole numbers and booleans, such as the classes that argMax gives.
        if (result.dtype === 'float32')
          record(result, operands, () =>
            operands.map(() => () => {
              throw refusal('grad', kernel)
            }),
          )
    return made
  }
  try {
    return fn()
  } finally {
    watching = false
    Reflect.deleteProperty(tfjs, 'runKernel')
  }
}

/** Runs a kernel for an op of core, past the watch. */
export function runOwnKernel<T extends Tensor | Tensor[]>(
  kernel: string,
  inputs: NamedTensorMap,
  attributes?: NamedAttrMap,
): T {
  const tfjs = engine()
  const { runKernel } = Object.getPrototypeOf(tfjs) as typeof tfjs
  return runKernel.call(tfjs, kernel, inputs, attributes) as T
}
