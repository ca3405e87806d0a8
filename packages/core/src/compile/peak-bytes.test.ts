import { describe, expect, it } from 'vitest'
import { add, exp, mul } from '../ops/elementwise.js'
import { reshape, sum } from '../ops/layout.js'
import { tensor } from '../tree/host.js'
import { peakBytes } from './peak-bytes.js'
import { trace } from './trace.js'

const x = tensor(new Float32Array(100), [10, 10])

describe('peakBytes', () => {
  it('counts what is alive at once', () => {
    // Live during the second exponential: the input, the first and the second.
    const { graph } = trace((a: typeof x) => sum(exp(exp(exp(a)))), [x])
    expect(peakBytes(graph)).toBe(3 * 400)
  })

  it('keeps what is read again, and outputs', () => {
    const { graph } = trace(
      (a: typeof x) => {
        const first = exp(a)
        return { first, last: mul(exp(exp(first)), first) }
      },
      [x],
    )
    // Live during the product: input, two exponentials, and the product; one exponential was freed before.
    expect(peakBytes(graph)).toBe(4 * 400)
  })

  it('takes a reshape and a broadcast as another name for the same array', () => {
    const { graph } = trace((a: typeof x) => add(reshape(exp(a), [100]), 1), [x])
    expect(peakBytes(graph)).toBe(3 * 400)
  })
})
