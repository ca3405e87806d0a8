/** A network of one's own, with one hidden layer: a pure function of its weights, which objectives and tests take. */
import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import {
  add,
  foldIn,
  keyFrom,
  matMul,
  normal,
  pixels,
  relu,
  reshape,
  sgd,
  tensor,
  type Key,
  type Network,
  type None,
} from '@haba/core'
import { mnist } from '@haba/datasets'
import { distill, expand } from '@haba/distill'
import { onnxEngine } from '@haba/engine-onnx'
import { evaluateSet, protocols } from '@haba/eval'
import { distributionMatching } from '@haba/matching'

type Layer = { readonly kernel: Tensor2D; readonly bias: Tensor1D }
type Weights = { readonly hidden: Layer; readonly output: Layer }
/** He's start: normal numbers of variance 2 ÷ inputs. */
const layer = (key: Key, inputs: number, outputs: number): Layer => ({
  kernel: tensor(
    normal(key, inputs * outputs).map((value) => value * Math.sqrt(2 / inputs)),
    [inputs, outputs],
  ),
  bias: tensor(new Float32Array(outputs), [outputs]),
})
const dense = (x: Tensor2D, { kernel, bias }: Layer): Tensor2D => add(matMul(x, kernel), bias)

const oneHidden = (inputs: number, width: number, classes: number): Network<Weights, None> => ({
  name: `one hidden layer of ${width}`,
  init: (key) => ({
    weights: { hidden: layer(foldIn(key, 'a'), inputs, width), output: layer(foldIn(key, 'b'), width, classes) },
    state: {},
  }),
  apply(weights, images, { state }) {
    const features = relu(dense(reshape(images, [images.shape[0], inputs]), weights.hidden))
    return { features, logits: dense(features, weights.output), state }
  },
})

const { train, test, image, classes } = await mnist()
const engine = onnxEngine()
const network = oneHidden(784, 128, classes)
const set = pixels({ image, classes, perClass: 5 })
const objective = distributionMatching({ network, realPerClass: 128 })
const spec = { engine, key: keyFrom(1), real: train, parameterization: set, objective, steps: 30 }
for await (const { step, state } of distill({ ...spec, optimizer: sgd({ learningRate: 1 }) })) {
  if (step < spec.steps) continue
  const protocol = { ...protocols.dsa({}), epochs: 100 }
  const how = { engine, network, protocol, test, key: keyFrom(2), networks: 1 }
  const { mean } = await evaluateSet(await expand(engine, set, state.set), how)
  console.log(`${network.name}: ${(100 * mean).toFixed(1)} % after training on 50 images`)
}
