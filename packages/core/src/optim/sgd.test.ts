import '@tensorflow/tfjs-backend-cpu'
import { setBackend, type Tensor } from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Optimizer } from '../spec/optimizer.js'
import { scalar, tensor } from '../tree/host.js'
import { tensorLeaves } from '../tree/tree.js'
import { applyUpdates, atLeast, byName, frozen, sgd } from './sgd.js'

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
  it('steps like PyTorch without momentum', () => near(descend(sgd({ rate: 0.1 }), 3), [0.9, 0.81, 0.729]))
  it('steps like PyTorch with momentum', () => near(descend(sgd({ rate: 0.1, momentum: 0.9 }), 3), [0.9, 0.72, 0.486]))
  it('steps like PyTorch with weight decay', () =>
    near(descend(sgd({ rate: 0.1, momentum: 0.9, weightDecay: 0.5 }), 3), [0.85, 0.5875, 0.263125]))
  it('decays without momentum, too', () => near(descend(sgd({ rate: 0.1, weightDecay: 1 }), 2), [0.8, 0.64]))

  it.each([
    [{ rate: -1 }, 'sgd: expected a rate'],
    [{ rate: Number.NaN }, 'sgd: expected a rate'],
    [{ rate: Infinity }, 'sgd: expected a rate'],
    [{ rate: 1, momentum: 1 }, 'sgd: expected a momentum'],
    [{ rate: 1, momentum: -0.1 }, 'sgd: expected a momentum'],
  ])('refuses %j', (options, message) => {
    expect(() => sgd(options)).toThrow(message)
  })
})

describe('byName', () => {
  const params = { bases: scalar(1), rate: [scalar(2)] }
  const optimizer = byName({ bases: sgd({ rate: 0.1 }), rate: sgd({ rate: 0.01, momentum: 0.5 }) })

  it('moves every part by its own optimiser, state included', () => {
    const first = optimizer.update(params, optimizer.init(params), params)
    near(tensorLeaves(first.updates).map(valueOf), [-0.1, -0.02])
    const second = optimizer.update(params, first.state, params)
    near(tensorLeaves(second.updates).map(valueOf), [-0.1, -0.03])
  })

  it('leaves fixed parts as they are, and needs no optimiser for them', () => {
    const stored = { coefficients: scalar(1), mask: tensor(Int32Array.of(3, 7), [2]) }
    const gradient = { coefficients: scalar(2), mask: tensor([0, 0], [2]) }
    const moved = (optimizer: Optimizer) =>
      applyUpdates(stored, optimizer.update(gradient, optimizer.init(stored), stored).updates)
    const byPart = byName({ coefficients: sgd({ rate: 0.1 }) }) as unknown as Optimizer
    const whole = sgd({ rate: 0.1, momentum: 0.5, weightDecay: 1 }) as unknown as Optimizer
    near([valueOf(moved(byPart).coefficients), valueOf(moved(whole).coefficients)], [0.8, 0.7])
    for (const { mask } of [moved(byPart), moved(whole)])
      expect([mask.dtype, ...mask.dataSync()]).toEqual(['int32', 3, 7])
  })

  it('names the part that is missing on either side', () => {
    expect(() => byName({ bases: frozen, other: frozen }).init({ bases: scalar(1) })).toThrow(
      'byName: expected parameters with a part "other", got bases.',
    )
    expect(() => byName({ bases: frozen }).init(params)).toThrow('byName: expected an optimiser for "rate", got bases.')
  })
})

it('stays at its bound, and leaves it again', () => {
  const optimizer = atLeast(0.5, sgd({ rate: 1 }))
  const move = (from: number, gradient: number) => {
    const params = { p: scalar(from) }
    const { updates } = optimizer.update({ p: scalar(gradient) }, optimizer.init(params), params)
    return valueOf(applyUpdates(params, updates).p)
  }
  near([move(1, 0.2), move(1, 3), move(0.5, 0.1), move(0.5, -0.1)], [0.8, 0.5, 0.5, 0.6])
})

it('leaves frozen parameters alone', () => near(descend(frozen, 2), [1, 1]))
