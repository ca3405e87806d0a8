import { engine, Tensor, type NamedAttrMap, type NamedTensorMap } from '@tensorflow/tfjs-core'
import { HabaError } from '../errors.js'
import { hostValue } from '../tree/host.js'
import { isRecording, record } from './record.js'

const HINT =
  'Use the op of @haba/core (for a tf.LayersModel: fromLayersModel of @haba/tfjs), or wrap constants in stopGradient.'

const refusal = (who: string, kernel: string) =>
  new HabaError(who, 'only ops of @haba/core', `the tfjs kernel ${kernel}, which has no derivative here`, HINT)

const isTraced = (x: Tensor): boolean => {
  const value = hostValue(x)
  return value !== undefined && 'node' in value
}

let watching = false

/**
 * Runs `fn` and watches for tfjs kernels that no op of core runs. Such a kernel throws at once on a traced tensor. Inside a
 * derivative its result is marked, and a derivative that reaches the mark throws; unnoticed, the gradient would be zero or
 * incomplete.
 */
export function watchingPlainOps<R>(fn: () => R): R {
  if (watching) return fn()
  const tfjs = engine()
  watching = true
  // Patched on the instance, where tfjs's ops look `runKernel` up; core's calls use the prototype (`runOwnKernel`).
  tfjs.runKernel = <T extends Tensor | Tensor[]>(kernel: string, inputs: NamedTensorMap, attributes?: NamedAttrMap) => {
    const operands = Object.values(inputs).filter((x) => x instanceof Tensor)
    if (operands.some(isTraced)) throw refusal('compile', kernel)
    const made = runOwnKernel<T>(kernel, inputs, attributes)
    if (isRecording())
      for (const result of [made].flat())
        // No gradient flows through integers and booleans, such as the classes that argMax returns.
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

/** Runs a kernel for an op of core, unwatched. */
export function runOwnKernel<T extends Tensor | Tensor[]>(
  kernel: string,
  inputs: NamedTensorMap,
  attributes?: NamedAttrMap,
): T {
  const tfjs = engine()
  const { runKernel } = Object.getPrototypeOf(tfjs) as typeof tfjs
  return runKernel.call(tfjs, kernel, inputs, attributes) as T
}
