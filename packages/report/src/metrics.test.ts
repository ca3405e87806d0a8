import { describe, expect, it } from 'vitest'
import { metricsLine, readMetrics } from './metrics.js'

describe('metrics', () => {
  const first = { step: 1, loss: 0.52, apart: 3, stepSize: 1e-7 }
  const second = { step: 2, loss: 0.5, apart: 2.5, stepSize: 1.1e-7 }

  it('comes back as it was written', () => {
    expect(readMetrics(metricsLine(first) + metricsLine(second))).toEqual([first, second])
    expect(readMetrics('')).toEqual([])
  })

  it('writes one line with step and loss first, whatever the order of the record', () => {
    const line = '{"step":1,"loss":0.52,"apart":3,"stepSize":1e-7}\n'
    expect(metricsLine(first)).toBe(line)
    expect(metricsLine({ stepSize: 1e-7, loss: 0.52, apart: 3, step: 1 })).toBe(line)
  })

  it('refuses what JSON cannot hold, by name', () => {
    expect(() => metricsLine({ step: 7, loss: NaN })).toThrow(/loss NaN at step 7/)
    expect(() => metricsLine({ step: 7, loss: 1, apart: Infinity })).toThrow(/apart Infinity/)
  })

  it('leaves out a last line that breaks off, wherever it breaks', () => {
    const last = metricsLine(second)
    for (let length = 1; length < last.length - 1; length++)
      expect(readMetrics(metricsLine(first) + last.slice(0, length))).toEqual([first])
  })

  it('names any other broken line', () => {
    expect(() => readMetrics(`${metricsLine(first)}{"step":2,"lo\n${metricsLine(second)}`)).toThrow(
      /line 2: \{"step":2,"lo/,
    )
    expect(() => readMetrics(`{"step":2,"lo\n`)).toThrow(/line 1/)
    expect(() => readMetrics('{"loss":2}\n')).toThrow(/with a step/)
    expect(() => readMetrics('{"step":1,"loss":"high"}')).toThrow(/finite numbers/)
  })

  it('lets the last line of a step count, as after resuming', () => {
    const again = { ...second, loss: 0.4 }
    expect(readMetrics([first, second, { ...first, step: 3 }, again].map(metricsLine).join(''))).toEqual([
      first,
      again,
      { ...first, step: 3 },
    ])
  })
})
