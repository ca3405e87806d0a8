import '@tensorflow/tfjs-backend-cpu'
import { setBackend, type Tensor } from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Optimizer } from '../spec/optimizer.js'
import { scalar, tensor } from '../tree/host.js'
import { tensorLeaves } from '../tree/tree.js'
import { applyUpdates, clampBelow, partition, setToZero, sgd } from './sgd.js'

beforeAll(async () => {
  await setBackend('cpu')
})

type Params = { readonly p: Tensor }
const valueOf = (t: Tensor) => t.dataSync()[0]!

/** `steps` values of a parameter that starts at 1, with `p` itself as its gradient (the loss p²/2). */
function descend(optimizer: Optimizer, steps: number): number[] {
  let params: Params = { p: scalar(1) }
  let state = optimizer.init(params)
  return Array.from({ length: steps }, () => {
    const done = optimizer.update(params, state, params)
    params = applyUpdates(params, done.updates)
    state = done.state
    return valueOf(params.p)
  })
}
const near = (got: readonly number[], wanted: readonly number[]) =>
  got.forEach((v, i) => expect(v).toBeCloseTo(wanted[i]!, 6))

describe('sgd', () => {
  // By hand after torch.optim.SGD: v ← m·v + g + decay·p, p ← p - rate·v.
  it('steps like PyTorch without momentum', () => near(descend(sgd({ learningRate: 0.1 }), 3), [0.9, 0.81, 0.729]))
  it('steps like PyTorch with momentum', () =>
    near(descend(sgd({ learningRate: 0.1, momentum: 0.9 }), 3), [0.9, 0.72, 0.486]))
  it('steps like PyTorch with weight decay', () =>
    near(descend(sgd({ learningRate: 0.1, momentum: 0.9, weightDecay: 0.5 }), 3), [0.85, 0.5875, 0.263125]))
  it('decays without momentum, too', () => near(descend(sgd({ learningRate: 0.1, weightDecay: 1 }), 2), [0.8, 0.64]))

  it.each([
    [{ learningRate: -1 }, 'sgd: expected a learningRate'],
    [{ learningRate: Number.NaN }, 'sgd: expected a learningRate'],
    [{ learningRate: Infinity }, 'sgd: expected a learningRate'],
    [{ learningRate: 1, momentum: 1 }, 'sgd: expected a momentum'],
    [{ learningRate: 1, momentum: -0.1 }, 'sgd: expected a momentum'],
  ])('refuses %j', (options, message) => {
    expect(() => sgd(options)).toThrow(message)
  })
})

describe('partition', () => {
  const params = { bases: scalar(1), rate: [scalar(2)] }
  const optimizer = partition({ bases: sgd({ learningRate: 0.1 }), rate: sgd({ learningRate: 0.01, momentum: 0.5 }) })

  it('moves every part by its own optimizer, state included', () => {
    const first = optimizer.update(params, optimizer.init(params), params)
    near(tensorLeaves(first.updates).map(valueOf), [-0.1, -0.02])
    const second = optimizer.update(params, first.state, params)
    near(tensorLeaves(second.updates).map(valueOf), [-0.1, -0.03])
  })

  it('leaves fixed parts as they are, and needs no optimizer for them', () => {
    const stored = { coefficients: scalar(1), mask: tensor(Int32Array.of(3, 7), [2]) }
    const gradient = { coefficients: scalar(2), mask: tensor([0, 0], [2]) }
    const moved = (optimizer: Optimizer) =>
      applyUpdates(stored, optimizer.update(gradient, optimizer.init(stored), stored).updates)
    const byPart = partition({ coefficients: sgd({ learningRate: 0.1 }) })
    const whole = sgd({ learningRate: 0.1, momentum: 0.5, weightDecay: 1 })
    near([valueOf(moved(byPart).coefficients), valueOf(moved(whole).coefficients)], [0.8, 0.7])
    for (const { mask } of [moved(byPart), moved(whole)])
      expect([mask.dtype, ...mask.dataSync()]).toEqual(['int32', 3, 7])
  })

  it('names the part that is missing on either side', () => {
    expect(() => partition({ bases: setToZero, other: setToZero }).init({ bases: scalar(1) })).toThrow(
      'partition: expected parameters with a part "other", got bases.',
    )
    expect(() => partition({ bases: setToZero }).init(params)).toThrow(
      'partition: expected an optimizer for "rate", got bases.',
    )
  })
})

it('stays at its bound, and leaves it again', () => {
  const optimizer = clampBelow(0.5, sgd({ learningRate: 1 }))
  const move = (from: number, gradient: number) => {
    const params = { p: scalar(from) }
    const { updates } = optimizer.update({ p: scalar(gradient) }, optimizer.init(params), params)
    return valueOf(applyUpdates(params, updates).p)
  }
  near([move(1, 0.2), move(1, 3), move(0.5, 0.1), move(0.5, -0.1)], [0.8, 0.5, 0.5, 0.6])
})

it('leaves frozen parameters alone', () => near(descend(setToZero, 2), [1, 1]))
