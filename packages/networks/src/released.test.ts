import { keyFrom, tensor, trace, type ImageShape, type Tree } from '@haba/core'
import type { Tensor4D } from '@tensorflow/tfjs-core'
import { describe, expect, it, vi } from 'vitest'
import { plugin } from './plugin.js'
import { releasedNetworks } from './released.js'

// Millions of random weights would take longer than the test itself.
vi.mock('@haba/core', async (original) => ({
  ...(await original<object>()),
  uniform: (_: unknown, count: number) => new Float32Array(count),
}))

const sizes: readonly ImageShape[] = [
  [28, 28, 1],
  [32, 32, 3],
  [64, 64, 3],
  [128, 128, 3],
]
/** The number of possible halvings of a side; single-channel images are padded to 32. */
const deepest = (image: ImageShape) => Math.log2(Math.max(image[0], 32))
const depthOf = (name: string) => Number(/^ConvNetD(\d)$/.exec(name)?.[1] ?? 3)

describe.each(Object.entries(releasedNetworks))('%s', (name, make) => {
  // Tracing needs only shapes: nothing is computed.
  it.each(sizes)('reads images of %i × %i × %i, unless it is too deep', (...image) => {
    if (depthOf(name) > deepest(image)) {
      expect(() => make({ image, classes: 10 })).toThrow('convNet: expected images that survive')
      return
    }
    const network = make({ image, classes: 10 })
    const { weights, state } = network.init(keyFrom(1))
    const images = tensor(new Float32Array(2 * image[0] * image[1] * image[2]), [2, ...image])
    const shapes = (kind: 'train' | 'evaluate') => {
      const program = trace(
        (w: Tree, s: Tree, x: Tensor4D) => {
          const output = network.apply(w, x, { kind, state: s })
          return { logits: output.logits, state: output.state }
        },
        [weights, state, images],
      )
      return program.graph.outputs.map(({ shape }) => shape)
    }
    expect(shapes('train')[0]).toEqual([2, 10])
    expect(shapes('evaluate')).toEqual(shapes('train'))
    expect(/BN/.test(name)).toBe(network.statistics.length > 0)
  })
})

describe('released names', () => {
  it('hold the 20 variants of the ConvNet, and more', () => {
    const published =
      'D1 D2 D3 D4 W32 W64 W128 W256 AS AR AL ASwish ASwishBN NN BN LN IN GN NP MP AP D5 D6 D7 D8 W512 W1024 KIP'
    expect(Object.keys(releasedNetworks)).toEqual(
      expect.arrayContaining(published.split(' ').map((v) => `ConvNet${v}`)),
    )
  })

  it('are known to configurations', async () => {
    const made = await plugin.networks!['released']!.make(
      { name: 'ConvNetASwishBN' },
      { image: [32, 32, 3], classes: 10 },
    )
    expect(made.name).toBe('ConvNetD3W128-BN-swish-AP')
  })
})
