import { describe, expect, it } from 'vitest'
import { architectures, rankCorrelation, searchReport } from './search.js'

describe('architectures', () => {
  it('are 720, all different', () => {
    const all = architectures()
    expect(all.length).toBe(720)
    expect(new Set(all.map((one) => JSON.stringify(one))).size).toBe(720)
  })
})

describe('rankCorrelation', () => {
  it('is 1 - 6 Σd² / n(n² - 1) without ties', () => {
    // d = 0, 1, 1, 0
    expect(rankCorrelation([1, 2, 3, 4], [10, 30, 20, 40])).toBeCloseTo(1 - (6 * 2) / (4 * 15), 12)
    expect(rankCorrelation([1, 2, 3], [3, 2, 1])).toBeCloseTo(-1, 12)
  })

  it('shares ranks among equals, as scipy.stats.spearmanr does', () =>
    expect(rankCorrelation([1, 2, 2, 3], [1, 2, 3, 4])).toBeCloseTo(0.9486832980505138, 12))

  it('is undefined where nothing is ranked', () => expect(rankCorrelation([1, 1], [1, 2])).toBeUndefined())
})

describe('searchReport', () => {
  const truths = [0.9, 0.8, 0.7, 0.6]
  const proxies = [0.4, 0.5, 0.3, 0.2]
  const scored = truths.map((truth, i) => ({
    name: `n${i}`,
    proxy: { accuracy: proxies[i]!, seconds: 1 },
    truth: { accuracy: truth, seconds: 10 },
  }))

  it('compares what the proxy chooses with the best, and the time of both', () => {
    const report = searchReport(scored, [2, 5])
    expect([report.chosen.name, report.best.name]).toEqual(['n1', 'n0'])
    expect(report.correlations).toEqual([
      { top: 2, byTruth: -1, byProxy: -1 },
      { top: 4, byTruth: expect.closeTo(0.8, 12), byProxy: expect.closeTo(0.8, 12) },
    ])
    // 4 s on the proxy and 10 s for the chosen one, of 40 s.
    expect(report.saved).toBeCloseTo(1 - 14 / 40, 12)
  })
})
