import { engine } from '@tensorflow/tfjs-core'
import { expect, it } from 'vitest'
import { disposeOnThrow } from './dispose-on-throw.js'
import { scalar } from './host.js'

const alive = () => engine().state.numTensors

it('disposes what was made where the work throws, and what arrives later', async () => {
  const before = alive()
  let arrive: (() => void) | undefined
  const late = new Promise<void>((resolve) => (arrive = resolve))
  const failing = disposeOnThrow((own) => {
    own({ a: scalar(1) })
    const slow = late.then(() => own(scalar(2)))
    return Promise.all([slow, Promise.reject(new Error('no'))])
  })
  await expect(failing).rejects.toThrow('no')
  expect(alive()).toBe(before)
  arrive!()
  await late
  await Promise.resolve()
  expect(alive()).toBe(before)
})

it('leaves what was made to its caller where the work returns', async () => {
  const { a } = await disposeOnThrow(async (own) => ({ a: own(scalar(1)) }))
  expect(a.isDisposed).toBe(false)
  a.dispose()
})
