import '@tensorflow/tfjs-backend-cpu'
import { add, engine, setBackend, tensor1d, type Tensor } from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { hostTensor, hostValue, scalar, tensor } from './host.js'
import {
  disposeTree,
  mapTree,
  namedLeaves,
  signature,
  tensorLeaves,
  treeFromJson,
  treeToJson,
  withTensors,
} from './tree.js'

const leaf = (v: number) => tensor([v], [1])
const valueOf = (t: Tensor) => t.dataSync()[0]
const tree = () => ({ b: [leaf(1), { d: leaf(2), c: leaf(3) }], a: leaf(4), static: 'text', none: undefined })

beforeAll(async () => {
  await setBackend('cpu')
})

describe('trees', () => {
  it('lists leaves in the order of sorted names, lists in their own', () => {
    expect(tensorLeaves(tree()).map(valueOf)).toEqual([4, 1, 3, 2])
    expect([...namedLeaves(tree()).keys()]).toEqual(['a', 'b.0', 'b.1.c', 'b.1.d'])
    expect([...namedLeaves(leaf(1)).keys()]).toEqual([''])
  })

  it('does not care in which order a record was written', () => {
    const [one, other] = [
      { x: leaf(1), y: leaf(2) },
      { y: leaf(2), x: leaf(1) },
    ]
    expect(tensorLeaves(one).map(valueOf)).toEqual(tensorLeaves(other).map(valueOf))
    expect(signature([one])).toBe(signature([other]))
  })

  it('replaces tensors and keeps structure, static leaves and written order', () => {
    const replaced = withTensors(tree(), [10, 20, 30, 40].map(leaf))
    expect(Object.keys(replaced)).toEqual(['b', 'a', 'static', 'none'])
    expect(tensorLeaves(replaced).map(valueOf)).toEqual([10, 20, 30, 40])
    expect(valueOf(replaced.a)).toBe(10)
    expect(replaced.static).toBe('text')
    expect(() => withTensors(tree(), [leaf(1)])).toThrow('tree: expected 4 tensors, got 1')
  })

  it('maps corresponding leaves', () => {
    const sums = mapTree(
      (x, y) => leaf(valueOf(x!)! + valueOf(y!)!),
      { a: leaf(1), b: [leaf(2)] },
      { b: [leaf(20)], a: leaf(10) },
    )
    expect(tensorLeaves(sums).map(valueOf)).toEqual([11, 22])
    expect(() => mapTree((x) => x!, { a: leaf(1) }, {})).toThrow('mapTree: expected trees of equal structure')
  })

  it('signs shapes, dtypes and static values, not the values of tensors', () => {
    const of = (t: Tensor, by: number | undefined) => signature([{ t, by }])
    expect(of(leaf(1), 2)).toBe(of(leaf(5), 2))
    const others = [of(leaf(1), 3), of(leaf(1), undefined), of(tensor([1, 2], [2]), 2), of(tensor([1], [1, 1]), 2)]
    expect(new Set([of(leaf(1), 2), of(tensor([1], [1], 'int32'), 2), ...others]).size).toBe(6)
  })

  it('tells NaN, both infinities and both zeros apart', () => {
    const numbers = [NaN, Infinity, -Infinity, 0, -0]
    expect(new Set(numbers.map((by) => signature([{ by }]))).size).toBe(numbers.length)
    expect(signature([{ by: NaN }])).toBe(signature([{ by: NaN }]))
    expect(signature([NaN])).not.toBe(signature(['NaN']))
  })

  it('survives JSON to the last bit', () => {
    const values = Float32Array.of(0.1, 1 / 3, 1e-45, 3.4028235e38, -0.5, 16777217)
    const before = { x: tensor(values, [2, 3]), i: [tensor(Int32Array.of(-7, 2 ** 31 - 1), [2])], label: 'a', n: 0.1 }
    const after = treeFromJson<typeof before>(JSON.parse(JSON.stringify(treeToJson(before))))
    expect(after.x.dataSync()).toEqual(values)
    expect([after.x.shape, after.x.dtype, after.i[0]!.dtype]).toEqual([[2, 3], 'float32', 'int32'])
    expect([...after.i[0]!.dataSync()]).toEqual([-7, 2 ** 31 - 1])
    expect([after.label, after.n]).toEqual(['a', 0.1])
  })

  it('disposes every tensor', () => {
    const alive = engine().state.numTensors
    const [one, two] = [tree(), tree()]
    expect(engine().state.numTensors).toBe(alive + 8)
    disposeTree(one, two)
    expect(engine().state.numTensors).toBe(alive)
  })
})

describe('host tensors', () => {
  it('holds values without copying, and knows its dtype', () => {
    const values = Float32Array.of(1, 2)
    expect(tensor(values, [2]).dataSync()).toBe(values)
    expect(tensor(Int32Array.of(1), [1]).dtype).toBe('int32')
    expect([...tensor([1.5, 2], [2], 'int32').dataSync()]).toEqual([1, 2])
    expect(scalar(3, 'int32').shape).toEqual([])
  })

  it('refuses a shape that does not fit', () => {
    expect(() => tensor([1, 2, 3], [2, 2])).toThrow('tensor: expected 4 values for shape [2,2], got 3.')
  })

  it('reads values kept in another order of axes', async () => {
    // Logical [2, 3], kept as [3, 2].
    const t = hostTensor({ values: Float32Array.of(1, 4, 2, 5, 3, 6), order: [1, 0] }, [2, 3], 'float32')
    expect([...t.dataSync()]).toEqual([1, 2, 3, 4, 5, 6])
    expect([...(await t.data())]).toEqual([1, 2, 3, 4, 5, 6])
    // Logical [1, 2, 2, 3] as channels first.
    const image = hostTensor(
      { values: Float32Array.of(1, 4, 7, 10, 2, 5, 8, 11, 3, 6, 9, 12), order: [0, 3, 1, 2] },
      [1, 2, 2, 3],
      'float32',
    )
    expect([...image.dataSync()]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
  })

  it('says that it was disposed', () => {
    const t = leaf(1)
    t.dispose()
    expect(() => t.dataSync()).toThrow()
    expect(hostValue(t)).toBeUndefined()
  })

  it('moves to a backend that meets it, and is no longer on the host then', () => {
    const t = tensor([1, 2], [2])
    const sum = add(t, tensor1d([10, 20]))
    expect([...sum.dataSync()]).toEqual([11, 22])
    expect(hostValue(t)).toBeUndefined()
    expect([...t.dataSync()]).toEqual([1, 2])
  })
})
