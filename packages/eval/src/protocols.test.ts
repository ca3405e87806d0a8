import { tensor } from '@haba/core'
import { referenceEngine } from '@haba/testing'
import type { Tensor4D } from '@tensorflow/tfjs-core'
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { batchStandardization, describeProtocol, protocolHash, rateAt } from './protocol.js'
import { protocols } from './protocols.js'

describe('protocols', () => {
  it('drop the rate at epoch index 502 of 1001, or 152 of 301, as the released codes do', () => {
    const protocol = protocols.mtt()
    expect(protocol.epochs).toBe(1001)
    expect([rateAt(protocol, 501), rateAt(protocol, 502), rateAt(protocol, 1000)]).toEqual([0.01, 0.001, 0.001])
    expect(protocols.dc()).toMatchObject({ epochs: 301, phases: [{ epoch: 0 }, { epoch: 152, newOptimizer: true }] })
  })

  it('of IDC trains 1000 epochs in batches of 64, to a fifth at 666 and 833, momentum kept', () => {
    const protocol = protocols.idc()
    expect(protocol).toMatchObject({ epochs: 1000, batch: 64 })
    expect(protocol.phases.map(({ epoch, newOptimizer }) => [epoch, newOptimizer])).toEqual([
      [0, true],
      [666, false],
      [833, false],
    ])
    ;[665, 666, 832, 833].forEach((epoch, i) =>
      expect(rateAt(protocol, epoch)).toBeCloseTo([0.01, 0.002, 0.002, 0.0004][i]!, 12),
    )
  })

  it('of RTP trains 300 epochs in batches of 640 at one rate, without weight decay', () => {
    const protocol = protocols.rtp()
    expect(protocol).toMatchObject({ epochs: 300, batch: 640, rate: 0.01, momentum: 0.9, weightDecay: 0 })
    expect([0, 150, 299].map((epoch) => rateAt(protocol, epoch))).toEqual([0.01, 0.01, 0.01])
    expect(protocols.dsa().weightDecay).toBe(5e-4)
  })

  it('are told as plain data', () => {
    expect(describeProtocol(protocols.haba({ learningRate: 0.02 }))).toMatchObject({
      name: 'haba',
      version: 1,
      rate: 0.02,
      transform: 'batch standardization',
      augmentation: 'none',
      hash: protocolHash(protocols.haba({ learningRate: 0.02 })),
    })
  })

  // Results of earlier versions have these.
  it('keep their hashes', () => {
    expect(protocolHash(protocols.haba({ learningRate: 0.02 }))).toBe('0314c8f7d46c')
    expect(protocolHash(protocols.dsa({}))).toBe('c455d0e00a78')
  })

  it('refuse a rate of 0', () =>
    expect(() => protocols.mtt({ learningRate: 0 })).toThrow('protocol mtt: expected a learningRate above 0, got 0.'))

  it('haba standardizes a batch by one mean and one unbiased deviation', async () => {
    const images = tensor([1, 2, 3, 6], [2, 1, 1, 2]) as Tensor4D
    const out = await referenceEngine().compile('standardize', batchStandardization.apply)(images)
    const deviation = Math.sqrt((4 + 1 + 0 + 9) / 3)
    ;[-2, -1, 0, 3].forEach((v, i) => expect(out.dataSync()[i]).toBeCloseTo(v / deviation, 6))
  })
})

describe('the hash of a protocol', () => {
  it('is SHA-256 of its settings by name, as anyone can compute it', () => {
    const settings = {
      augmentation: 'none',
      batch: 64,
      epochs: 6,
      mixing: 'none',
      momentum: 0.9,
      name: 'idc',
      phases: [
        { epoch: 0, factor: 1, newOptimizer: true },
        { epoch: 4, factor: 0.2, newOptimizer: false },
        { epoch: 5, factor: 0.2 ** 2, newOptimizer: false },
      ],
      rate: 0.01,
      rateFrom: 'fixed',
      testBatch: 128,
      transform: 'none',
      version: 1,
      weightDecay: 5e-4,
    }
    const expected = createHash('sha256').update(JSON.stringify(settings)).digest('hex')
    expect(protocolHash(protocols.idc({ epochs: 6 }))).toBe(expected.slice(0, 12))
  })

  it('changes with every setting, but not with a rate that belongs to the set', () => {
    const hashes = [
      protocols.dsa(),
      protocols.mtt(),
      protocols.dsa({ epochs: 999 }),
      protocols.dsa({ learningRate: 0.02 }),
      protocols.dsa({ batch: 255 }),
      protocols.dsa({ rateFrom: 'learned' }),
    ].map(protocolHash)
    expect(new Set(hashes).size).toBe(6)
    const learned = [0.01, 0.03].map((rate) => protocolHash(protocols.mtt({ learningRate: rate, rateFrom: 'learned' })))
    expect(learned[0]).toBe(learned[1])
  })
})
