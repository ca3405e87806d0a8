import { add, keyFrom, matMul, reshape, tensor as hostTensor, trainer, transpose, type Network } from '@haba/core'
import { protocols, rateAt, trainUnder, type Protocol } from '@haba/eval'
import type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'
import type { Comparison, Given, GoldenCase } from '../golden-case.js'
import { concatenated, integersOf, listed, oneHotOf, reshaped } from '../layouts.js'

const equal = (expected: Comparison['expected'], got: Comparison['got']): Comparison => ({ expected, got, order: 1 })

/** A protocol's schedule beside the stored one; `dc_300` is `dc`, asked for 300 epochs. */
function scheduleOf({ group }: Given, name: string): Record<string, Comparison> {
  const stored = group(`${name}.`)
  const [base, epochs] = name.split('_') as [keyof typeof protocols, string?]
  const rate = stored['learning_rates']!.dataSync()[0]!
  const protocol = protocols[base]({ learningRate: rate, ...(epochs !== undefined && { epochs: Number(epochs) }) })
  const { phases } = protocol
  return {
    [`${name}.epochs`]: equal(stored['epochs']!, listed(protocol.epochs)),
    [`${name}.change_epochs`]: equal(stored['change_epochs']!, listed(...phases.map(({ epoch }) => epoch))),
    [`${name}.learning_rates`]: equal(
      stored['learning_rates']!,
      listed(...phases.map(({ epoch }) => rateAt(protocol, epoch))),
    ),
    [`${name}.new_optimizer`]: equal(
      stored['new_optimizer']!,
      listed(...phases.map(({ newOptimizer }) => Number(newOptimizer))),
    ),
  }
}

type Linear = { readonly weight: Tensor2D; readonly bias: Tensor2D }

const linear: Network<Linear, Record<string, never>> = {
  name: 'linear',
  init: () => ({ weights: { weight: hostTensor([0], [1, 1]), bias: hostTensor([0], [1, 1]) } as Linear, state: {} }),
  apply: ({ weight, bias }, images, { state }) => {
    const features = reshape(images, [images.shape[0], weight.shape[1]]) as Tensor2D
    return { features, logits: add(matMul(features, transpose(weight, [1, 0])), bias) as Tensor2D, state }
  },
}

/** Full-batch steps of a linear model, one an epoch, under a protocol. */
async function stepsUnder(given: Given, name: string, protocol: Protocol): Promise<Record<string, Comparison>> {
  const { engine, tensor, group } = given
  const [images, labels, weight, bias] = [
    tensor('steps.images'),
    integersOf(tensor('steps.labels')),
    tensor('steps.start.weight'),
    tensor('steps.start.bias'),
  ]
  const [classes, size] = weight.shape as [number, number]
  const { momentum, weightDecay } = protocol
  const train = trainer({ engine, network: linear as unknown as Network, momentum, weightDecay })
  const weights = { weight: reshaped(weight, [classes, size]), bias: reshaped(bias, [1, classes]) }
  const velocity = {
    weight: hostTensor(new Float32Array(weight.size), [classes, size]),
    bias: hostTensor(new Float32Array(classes), [1, classes]),
  }
  const got = {
    losses: [] as number[],
    learning_rates: [] as number[],
    weights: [] as Tensor[],
    biases: [] as Tensor[],
  }
  const epochs = trainUnder({
    train,
    protocol,
    key: keyFrom(0),
    start: { weights, state: {}, velocity },
    data: {
      items: labels.length,
      // A full batch is the same in any order.
      batch: async () => ({
        images: reshaped(images, [labels.length, 1, 1, size]) as Tensor4D,
        targets: oneHotOf(labels, classes),
      }),
    },
  })
  for await (const { loss, rate, training } of epochs) {
    got.losses.push(loss)
    got.learning_rates.push(rate)
    const after = training.weights as Linear
    got.weights.push(reshaped(after.weight, [size * classes]))
    got.biases.push(reshaped(after.bias, [classes]))
  }
  const stored = group(`steps.${name}.`)
  const drop = stored['drop_after']
  return {
    [`steps.${name}.losses`]: equal(stored['losses']!, listed(...got.losses)),
    [`steps.${name}.learning_rates`]: equal(stored['learning_rates']!, listed(...got.learning_rates)),
    [`steps.${name}.weights`]: equal(stored['weights']!, concatenated(got.weights)),
    [`steps.${name}.biases`]: equal(stored['biases']!, concatenated(got.biases)),
    ...(drop && { [`steps.${name}.drop_after`]: equal(drop, listed(protocol.phases[1]!.epoch)) }),
  }
}

/** The protocols' epochs, rates and optimizers, and what they do to a linear model. */
export const schedule: GoldenCase = async (given) => {
  const names = Object.keys((given.meta as { readonly protocols: object }).protocols)
  const rateOf = (name: string) => given.tensor(`steps.${name}.learning_rates`).dataSync()[0]!
  const lengthOf = (name: string) => given.tensor(`steps.${name}.losses`).size
  return {
    ...Object.assign({}, ...names.map((name) => scheduleOf(given, name))),
    ...(await stepsUnder(
      given,
      'reset',
      protocols.dc({ learningRate: rateOf('reset'), epochs: lengthOf('reset') - 1 }),
    )),
    ...(await stepsUnder(given, 'keep', protocols.idc({ learningRate: rateOf('keep'), epochs: lengthOf('keep') }))),
  }
}
