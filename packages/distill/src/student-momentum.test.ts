import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  fromSafetensors,
  innerProduct,
  keyFrom,
  mapTree,
  namedLeaves,
  pixels,
  rowsOf,
  student as studentOf,
  sub,
  tensorLeaves,
  treeFromNamed,
  valueAndGrad,
  type Args,
  type Batch,
  type MovingWeights,
  type None,
  type RecurrenceObjective,
  type Rows,
  type Tree,
} from '@haba/core'
import { referenceEngine, tinyNetwork } from '@haba/testing'
import type { Scalar, Tensor4D } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { differentiate } from './gradient.js'
import { recompute, store } from './stepper.js'

// Written by tools/fixtures/student_momentum.py.
const file = join(import.meta.dirname, 'student-momentum.test-data.safetensors')
const { tensors } = fromSafetensors(file, await readFile(file))
const given = (name: string) => tensors.get(name)!
const image = [4, 4, 2] as const
const network = tinyNetwork({ image, classes: 3, width: 3 })
const treeOf = (name: string): Tree => treeFromNamed(file, network.init(keyFrom(0)).weights, tensors, `${name}.`)

const set = pixels({ image, classes: 3, perClass: 2 })
const images = { images: given('images') as Tensor4D }
const params = { rate: given('rate') as Scalar }
const common = { start: treeOf('start'), target: treeOf('target') }
const [steps, rows] = given('batches').shape as [number, number]
const batches = given('batches').dataSync() as Int32Array
const items = Array.from({ length: steps }, (_, i) => rowsOf(batches.slice(i * rows, (i + 1) * rows), 0))

const student = studentOf(network, 0.9)
const objective: RecurrenceObjective<typeof common, Rows, typeof params, None, Tree, Batch> = {
  kind: 'recurrence',
  name: 'distance after momentum',
  hasVelocity: true,
  init: () => ({ params, state: {} }),
  draw: () => Promise.resolve({ common, items }),
  start: ({ start }) => student.start(start),
  input: (synthetic, _, at) => synthetic.render(at),
  step: ({ rate }, _, carry, input) => student.step(carry, input, rate),
  finish: (_, { target }, carry) => {
    const away = mapTree((a, b) => sub(a, b), student.weights(carry), target)
    return innerProduct(away, away)
  },
}

const numbers = (tree: Args) => tensorLeaves(tree).flatMap((t) => [...t.dataSync()])
const near = (got: readonly number[], name: string) => {
  const wanted = numbers(given(name))
  const largest = Math.max(...wanted.map(Math.abs))
  expect([got.length, largest > 0], name).toEqual([wanted.length, true])
  expect(Math.max(...got.map((v, i) => Math.abs(v - wanted[i]!))) / largest, name).toBeLessThan(1e-5)
}

describe("steps with momentum, against PyTorch's autograd", () => {
  it.each([recompute, store])('have its loss and its gradients in images and rate ($name)', async (how) => {
    const got = await differentiate(
      referenceEngine(),
      set,
      objective,
      how,
    )(images, params, {
      common,
      items,
    })
    near([got.loss], 'loss')
    near(numbers(got.set), 'gradient.images')
    near(numbers(got.params), 'gradient.rate')
  })

  it('reach its weights and velocity, and have its gradient in the weights at the start', async () => {
    const { carry, slope } = await referenceEngine().compile('through', (start: Tree) => {
      const reach = (at: Tree) =>
        items.reduce((before, at) => student.step(before, set.render(images, at), params.rate), student.start(at))
      const loss = (at: Tree) => objective.finish(params, common, reach(at))
      return { carry: reach(start), slope: valueAndGrad(loss, start).grad }
    })(common.start)
    const { weights, velocity } = carry as MovingWeights
    for (const [name, tree] of Object.entries({ reached: weights, velocity, 'gradient.start': slope }))
      for (const [path, leaf] of namedLeaves(tree)) near(numbers(leaf), `${name}.${path}`)
  })
})
