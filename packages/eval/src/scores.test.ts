import { describe, expect, it } from 'vitest'
import { accuracyAtBytes, augmentationRobustScore, labelRobustScore, recoveryRatio } from './scores.js'

const scale = (alpha: number) => (Math.exp(alpha) - 1 / Math.E) / (Math.E - 1 / Math.E)

describe('labelRobustScore', () => {
  it('weighs what random images lack against what hard labels lose', () => {
    const { hardLabelRecovery, improvementOverRandom, score } = labelRobustScore({
      realHard: 0.9,
      setHard: 0.2,
      setAny: 0.1,
      randomAny: 0.3,
      weight: 0.25,
    })
    expect(hardLabelRecovery).toBeCloseTo(0.7, 12)
    expect(improvementOverRandom).toBeCloseTo(-0.2, 12)
    expect(score).toBeCloseTo(scale(0.25 * -0.2 - 0.75 * 0.7), 12)
  })

  it('lies between 0, the worst, and 1, the best', () => {
    const worst = labelRobustScore({ realHard: 1, setHard: 0, setAny: 0, randomAny: 1 })
    const best = labelRobustScore({ realHard: 0.8, setHard: 0.8, setAny: 1, randomAny: 0, weight: 1 })
    expect([worst.score, best.score]).toEqual([0, 1])
  })

  it('refuses percentages', () =>
    expect(() => labelRobustScore({ realHard: 84.8, setHard: 0.2, setAny: 0.2, randomAny: 0.1 })).toThrow(
      'expected realHard as a fraction, 0 … 1, got 84.8',
    ))
})

describe('augmentationRobustScore', () => {
  it('weighs gains with augmentation against those without', () => {
    const { score } = augmentationRobustScore({
      setAugmented: 0.7,
      randomAugmented: 0.4,
      setPlain: 0.6,
      randomPlain: 0.55,
      weight: 0.8,
    })
    expect(score).toBeCloseTo(scale(0.8 * 0.3 + 0.2 * 0.05), 12)
  })
})

describe('recoveryRatio', () => {
  it('is the part of full accuracy', () => expect(recoveryRatio(0.6, 0.8)).toBeCloseTo(0.75, 12))
})

describe('accuracyAtBytes', () => {
  const measured = [
    { bytes: 400, mean: 0.6 },
    { bytes: 100, mean: 0.2 },
  ]
  it('is linear in the logarithm of the size', () => {
    // 200 is half-way between 100 and 400 on a log scale.
    expect(accuracyAtBytes(measured, 200)).toBeCloseTo(0.4, 12)
    expect(accuracyAtBytes(measured, 400)).toBe(0.6)
  })
  it('extrapolates nothing', () => expect(accuracyAtBytes(measured, 401)).toBeUndefined())
})
