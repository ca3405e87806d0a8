import { keyFrom, namedLeaves, tensor } from '@haba/core'
import { describe, expect, it } from 'vitest'
import { batchNormalization, convNet, fromPyTorch, layerNormalization, toPyTorch } from './index.js'

const options = { image: [4, 4, 2] as const, classes: 3, depth: 1, width: 5 }

describe('exchange with PyTorch', () => {
  it.each([layerNormalization, batchNormalization])('loses nothing there and back ($name)', (normalization) => {
    const network = convNet({ ...options, normalization })
    const start = network.init(keyFrom(2))
    const theirs = toPyTorch(network, start)
    const ours = fromPyTorch(network, theirs)
    for (const part of ['weights', 'state'] as const)
      for (const [path, leaf] of namedLeaves(start[part])) {
        expect([...namedLeaves(ours[part]).get(path)!.dataSync()], path).toEqual([...leaf.dataSync()])
      }
    const listed = fromPyTorch(network, Object.values(theirs).slice(0, network.parameters.length))
    expect([...listed.weights.classifier.kernel.dataSync()]).toEqual([...start.weights.classifier.kernel.dataSync()])
  })

  it('speaks its names and its order of axes', () => {
    const network = convNet({ ...options, normalization: batchNormalization })
    const theirs = toPyTorch(network, network.init(keyFrom(2)))
    expect(Object.entries(theirs).map(([name, { shape }]) => [name, shape])).toEqual([
      ['features.0.weight', [5, 2, 3, 3]],
      ['features.0.bias', [5]],
      ['features.1.weight', [5]],
      ['features.1.bias', [5]],
      ['classifier.weight', [3, 20]],
      ['classifier.bias', [3]],
      ['features.1.running_mean', [5]],
      ['features.1.running_var', [5]],
    ])
    const counted = tensor(
      Float32Array.from({ length: 90 }, (_, i) => i),
      [5, 2, 3, 3],
    )
    const kernel = fromPyTorch(network, { ...theirs, 'features.0.weight': counted }).weights.blocks[0]!.convolution
      .kernel
    // Row 2, column 1, input 1, output 4.
    expect(kernel.dataSync()[((2 * 3 + 1) * 2 + 1) * 5 + 4]).toBe(((4 * 2 + 1) * 3 + 2) * 3 + 1)
  })

  it('names what does not fit', () => {
    const network = convNet(options)
    const theirs = toPyTorch(network, network.init(keyFrom(2)))
    expect(() => fromPyTorch(network, { ...theirs, 'classifier.bias': tensor([1], [1]) })).toThrow(
      /classifier\.bias \[3\], got \[1\]/,
    )
    expect(() => fromPyTorch(network, {})).toThrow(/features\.0\.bias \[5\], got no such tensor/)
    expect(() => fromPyTorch(network, [tensor([1], [1])])).toThrow(/6 parameters, got 1/)
  })
})
