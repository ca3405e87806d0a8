import { keyFrom, tensor, tensorLeaves, trace } from '@haba/core'
import type { Tensor4D } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { alexNet, batchNormalization, leNet, mlp, noNormalization, resNet18, resNet18AP, vgg11 } from './index.js'

const cifar = { image: [32, 32, 3] as const, classes: 10 }

describe('the other networks', () => {
  it.each([
    ['MLP', 411_146, mlp(cifar)],
    ['LeNet', 62_006, leNet(cifar)],
    ['AlexNet', 1_872_202, alexNet(cifar)],
    ['VGG11-IN', 9_231_114, vgg11(cifar)],
    ['ResNet18-IN', 11_173_962, resNet18(cifar)],
    ['ResNet18AP-IN', 11_250_762, resNet18AP(cifar)],
  ] as const)('%s has the %i parameters of the reference', (name, count, network) => {
    const { weights } = network.init(keyFrom(1))
    expect(network.name).toBe(name)
    expect(tensorLeaves(weights).reduce((total, leaf) => total + leaf.size, 0)).toBe(count)
    expect(network.parameters).toHaveLength(tensorLeaves(weights).length)
  })

  it.each([
    ['MLP', 28, 128, mlp({ image: [28, 28, 1], classes: 10 })],
    ['LeNet', 28, 84, leNet({ image: [28, 28, 1], classes: 10 })],
    ['AlexNet', 64, 192 * 16, alexNet({ image: [64, 64, 1], classes: 10 })],
    ['ResNet18AP', 28, 512 * 9, resNet18AP({ image: [28, 28, 1], classes: 10 })],
  ] as const)('%s reads single-channel images of side %i as %i features', (_, side, features, network) => {
    const { weights, state } = network.init(keyFrom(1))
    const images = tensor(new Float32Array(2 * side * side), [2, side, side, 1])
    const program = trace(
      (x: Tensor4D) => {
        const output = network.apply(weights as never, x, { kind: 'evaluate', state })
        return [output.features, output.logits]
      },
      [images],
    )
    expect(program.graph.outputs.map(({ shape }) => shape)).toEqual([
      [2, features],
      [2, 10],
    ])
  })

  it('keeps running moments for every batch normalization, in the order of use', () => {
    const network = resNet18({ ...cifar, normalization: batchNormalization })
    expect(network.statistics).toHaveLength(40)
    expect(network.statistics[10]!.pytorch).toBe('layer2.0.bn1.running_mean')
  })

  it('goes without normalization, too', () => {
    expect(resNet18({ ...cifar, normalization: noNormalization }).parameters).toHaveLength(22)
  })
})
