import { describeProtocol, protocols } from '@haba/eval'
import { describe, expect, it } from 'vitest'
import { protocolText } from './protocol-text.js'

describe('protocolText', () => {
  it('names the protocol, its rate and how the number was chosen', () => {
    const dsa = protocolText(describeProtocol(protocols.dsa({ epochs: 5 })))
    expect(dsa).toMatch(
      /^Protocol dsa, version 1 \([0-9a-f]{12}\): 6 epochs, starting at learning rate 0\.01\. The set of the last step;/,
    )
    const mtt = protocolText(describeProtocol(protocols.mtt({ learningRate: 0.0123456, rateFrom: 'learned' })))
    expect(mtt).toContain('1001 epochs, starting at the learned step size 0.01235. ')
    expect(protocolText(describeProtocol(protocols.ours()))).toContain(
      'a learning rate chosen on validation data. A validation',
    )
  })
})
