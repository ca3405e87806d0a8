import { exactJson } from '@haba/core'
import type { Attribute, Initializer, Operator } from './onnx-model.js'
import { providers, type Traits } from '../provider.js'

/** Collects the operators of an onnx graph; what was emitted before is not emitted again. */
export interface Emitter {
  /** How the provider wants programs said. */
  readonly traits: Traits
  /** Appends an operator and returns the name of its result. */
  op(
    type: string,
    inputs: readonly string[],
    attributes?: Readonly<Record<string, Attribute>>,
    domain?: '' | 'com.microsoft',
  ): string
  /** The same array read with other axis lengths; nothing is emitted where the lengths are the same. */
  reshape(name: string, from: readonly number[], to: readonly number[]): string
  /** A vector of int64, as axes, shapes and positions are passed. */
  integers(values: readonly number[]): string
  /** A small constant; equal ones are shared. */
  constant(values: readonly number[], shape: readonly number[], dtype?: 'float32' | 'int32'): string
  /** A constant of any size, not looked up among the others. */
  values(values: Float32Array | Int32Array, shape: readonly number[]): string
  readonly operators: readonly Operator[]
  readonly initializers: readonly Initializer[]
}

export function emitter(traits: Traits = providers.cpu.traits): Emitter {
  const operators: Operator[] = []
  const initializers: Initializer[] = []
  const emitted = new Map<string, string>()
  const reshaped = new Map<string, { readonly source: string; readonly shape: readonly number[] }>()
  let names = 0

  const once = (key: string, make: (name: string) => void): string => {
    const known = emitted.get(key)
    if (known !== undefined) return known
    const name = `t${names++}`
    emitted.set(key, name)
    make(name)
    return name
  }

  const op: Emitter['op'] = (type, inputs, attributes = {}, domain = '') =>
    once(`${domain}${type}(${inputs})${exactJson(attributes)}`, (output) =>
      operators.push({ type, domain, inputs, output, attributes }),
    )

  const integers: Emitter['integers'] = (values) =>
    once(`int64[${values}]`, (name) =>
      initializers.push({ name, shape: [values.length], values: BigInt64Array.from(values.map(BigInt)) }),
    )

  return {
    traits,
    operators,
    initializers,
    op,
    integers,
    reshape(name, from, to) {
      // A reshape of a reshape reads the first one's source.
      const { source, shape } = reshaped.get(name) ?? { source: name, shape: from }
      if (`${shape}` === `${to}`) return source
      const result = op('Reshape', [source, integers(to)])
      reshaped.set(result, { source, shape })
      return result
    },
    constant: (values, shape, dtype = 'float32') =>
      once(`${dtype}${exactJson(values)}:${shape}`, (name) =>
        initializers.push({
          name,
          shape,
          values: dtype === 'int32' ? Int32Array.from(values) : Float32Array.from(values),
        }),
      ),
    values(values, shape) {
      const name = `t${names++}`
      initializers.push({ name, shape, values })
      return name
    },
  }
}
