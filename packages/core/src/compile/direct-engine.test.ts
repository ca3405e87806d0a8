import '@tensorflow/tfjs-backend-cpu'
import type { Tensor } from '@tensorflow/tfjs-core'
import { expect, it } from 'vitest'
import { add } from '../ops/elementwise.js'
import { tensor } from '../tree/host.js'
import { hostValue } from '../tree/host.js'
import { directEngine } from './direct-engine.js'

// What every engine must do is tested with the ops.

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
