import { engine, KernelBackend, type DataId, type Tensor, type TypedArray } from '@tensorflow/tfjs-core'
import { HabaError } from '../errors.js'
import type { Node } from '../compile/graph.js'
import { sizeOf, type DType, type Values } from '../spec/values.js'
import type { RankOf } from './ranks.js'
import { reorderAxes } from './reorder.js'

/**
 * The content of a host tensor: values, or the node of a program being traced. With `order`, axis i of the stored array is
 * logical axis `order[i]`: engines keep their layout between calls, and only reading restores the logical one.
 */
export type HostValue = { readonly values: Values; readonly order?: readonly number[] } | { readonly node: Node }

interface Entry {
  value: HostValue
  references: number
  readonly shape: readonly number[]
}

/**
 * Holds tensors and computes nothing. It is never registered or made current: a tfjs backend that reads such a tensor moves
 * the values to itself. So a program needs a backend only if it runs ops eagerly.
 */
class HostBackend extends KernelBackend {
  readonly entries = new WeakMap<DataId, Entry>()
  count = 0

  private entry(id: DataId): Entry {
    const entry = this.entries.get(id)
    if (!entry)
      throw new HabaError(
        'host tensor',
        'a tensor that is not disposed',
        'a disposed one',
        'Use it before disposing it.',
      )
    return entry
  }

  put(id: DataId, value: HostValue, shape: readonly number[]) {
    this.entries.set(id, { value, references: 1, shape })
    this.count++
  }

  value(id: DataId): HostValue {
    return this.entry(id).value
  }

  override readSync(id: DataId): TypedArray {
    const { value, shape } = this.entry(id)
    if ('node' in value)
      throw new HabaError(
        'compile',
        'a function that reads no tensor values',
        'a read of a traced tensor (dataSync, print, or a tfjs op outside haba)',
        'Use ops from @haba/core, and return the values that you want to read.',
      )
    return value.order
      ? reorderAxes<Values>(
          value.values,
          shape,
          value.order,
          shape.map((_, axis) => axis),
        )
      : value.values
  }

  override async read(id: DataId): Promise<TypedArray> {
    return this.readSync(id)
  }

  override refCount(id: DataId): number {
    return this.entries.get(id)?.references ?? 0
  }

  override incRef(id: DataId) {
    this.entry(id).references++
  }

  override disposeData(id: DataId, force = false): boolean {
    const entry = this.entries.get(id)
    if (!entry) return true
    if (--entry.references > 0 && !force) return false
    this.entries.delete(id)
    this.count--
    return true
  }

  override numDataIds(): number {
    return this.count
  }

  override memory() {
    return { unreliable: false }
  }

  override floatPrecision(): 32 {
    return 32
  }

  override epsilon(): number {
    return 1e-7
  }

  override dispose() {}
}

const host = new HostBackend()

/** A host tensor with this content: values in any stored order, or a traced node. */
export function hostTensor<const S extends readonly number[]>(
  value: HostValue,
  shape: S,
  dtype: DType,
): Tensor<RankOf<S>> {
  const dataId: DataId = {}
  host.put(dataId, value, shape)
  // tfjs's type of the shape has no rank.
  return engine().makeTensorFromTensorInfo({ dataId, shape: [...shape], dtype }, host)
}

/** The stored form of a host tensor, for engines; undefined if another backend holds it. */
export function hostValue(tensor: Tensor): HostValue | undefined {
  return host.entries.get(tensor.dataId)?.value
}

/**
 * A tensor on the host; needs no tfjs backend.
 *
 * @param values row-major: a typed array, which is not copied and must not be changed later, or a list of numbers
 * @param shape its product must be the number of values
 */
export function tensor<const S extends readonly number[]>(
  values: Values | readonly number[],
  shape: S,
  dtype: DType = values instanceof Int32Array ? 'int32' : 'float32',
): Tensor<RankOf<S>> {
  if (values.length !== sizeOf(shape))
    throw new HabaError('tensor', `${sizeOf(shape)} values for shape [${shape}]`, `${values.length}`, '')
  const typed =
    dtype === 'int32'
      ? values instanceof Int32Array
        ? values
        : Int32Array.from(values)
      : values instanceof Float32Array
        ? values
        : Float32Array.from(values)
  return hostTensor({ values: typed }, shape, dtype)
}

/** A scalar on the host. */
export const scalar = (value: number, dtype: DType = 'float32') => tensor([value], [], dtype)
