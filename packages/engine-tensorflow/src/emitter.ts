import { exactJson, type Values } from '@haba/core'
import type { Attribute, Operator } from './saved-model.js'

/** Collects the operators of a graph and names them. */
export interface Emitter {
  readonly operators: readonly Operator[]
  /** Adds an operator and gives its name: the one it is called, or the next number. */
  emit(op: string, inputs: readonly string[], attributes?: Readonly<Record<string, Attribute>>, name?: string): string
  /** A constant; equal small ones are one. */
  constant(values: Values, shape: readonly number[]): string
  /** Whole numbers `[length]`: shapes, axes, paddings. */
  integers(values: readonly number[]): string
  /** A float of rank 0. */
  number(value: number): string
}

export function emitter(): Emitter {
  const operators: Operator[] = []
  const known = new Map<string, string>()

  const emit: Emitter['emit'] = (op, inputs, attributes = {}, name = `n${operators.length}`) => {
    operators.push({ name, op, inputs, attributes })
    return name
  }
  const constant: Emitter['constant'] = (values, shape) => {
    const key = values.length > 64 ? undefined : `${values.constructor.name}[${shape}]${exactJson([...values])}`
    const found = key === undefined ? undefined : known.get(key)
    if (found !== undefined) return found
    const dtype = values instanceof Int32Array ? 'int32' : 'float32'
    const made = emit('Const', [], { dtype: { type: dtype }, value: { tensor: { values, shape } } })
    if (key !== undefined) known.set(key, made)
    return made
  }

  return {
    operators,
    emit,
    constant,
    integers: (values) => constant(Int32Array.from(values), [values.length]),
    number: (value) => constant(Float32Array.of(value), []),
  }
}
