import '@tensorflow/tfjs-backend-cpu'
import '@tensorflow/tfjs-backend-wasm'
import { engine as tfjs, getBackend, ready, setBackend, square, tensor1d, type Tensor } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { add } from '../ops/elementwise.js'
import { tensor } from '../tree/host.js'
import { hostValue } from '../tree/host.js'
import { directEngine } from './direct-engine.js'

// The tests of ops cover what every engine must do.

it('says which package to import for a backend that is not there', async () => {
  await expect(directEngine({ backend: 'absent' })).rejects.toThrow(
    'directEngine: expected a tfjs backend that starts, got "absent". Import @tensorflow/tfjs-backend-absent.',
  )
})

it('hands results over on the host', async () => {
  const engine = await directEngine({ backend: 'cpu' })
  expect(engine.name).toBe('direct-cpu')
  const sum = await engine.compile('sum', (a: Tensor) => add(a, 1))(tensor([1, 2], [2]))
  expect(hostValue(sum)).toEqual({ values: Float32Array.of(2, 3) })
})

describe("tfjs's own backend", () => {
  const run = async (backend: string) => {
    const engine = await directEngine({ backend })
    const during: string[] = []
    const twice = engine.compile('twice', (a: Tensor) => {
      during.push(getBackend())
      return add(a, a)
    })
    expect([...(await twice(tensor([1, 2], [2]))).dataSync()]).toEqual([2, 4])
    return during
  }

  it('is not chosen where none was', async () => {
    expect(tfjs().backendName).toBeFalsy()
    expect(await run('cpu')).toEqual(['cpu'])
    expect(tfjs().backendName).toBeFalsy()
    await ready()
    expect(getBackend()).toBe('wasm') // chosen by priority, as without an engine
    expect([...square(tensor([3], [1])).dataSync()]).toEqual([9])
  })

  it.each([
    ['cpu', 'wasm'],
    ['wasm', 'cpu'],
    ['cpu', 'cpu'],
  ])('stays %s where functions run on %s', async (own, other) => {
    await setBackend(own)
    const kept = tensor1d([5])
    expect(await run(other)).toEqual([other])
    expect(getBackend()).toBe(own)
    expect([...square(kept).dataSync()]).toEqual([25])
  })

  it('stays what it is where a function throws, and where an engine does not start', async () => {
    await setBackend('wasm')
    const engine = await directEngine({ backend: 'cpu' })
    const broken = engine.compile('broken', (): Tensor => {
      throw new Error('broken')
    })
    await expect(broken()).rejects.toThrow('broken')
    await expect(directEngine({ backend: 'absent' })).rejects.toThrow('directEngine')
    expect(getBackend()).toBe('wasm')
  })
})
