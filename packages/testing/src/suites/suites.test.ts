import type { Scalar, Tensor, Tensor4D } from '@tensorflow/tfjs-core'
import {
  add,
  crossEntropy,
  disposeOnThrow,
  disposeTree,
  drawProducts,
  drawView,
  foldIn,
  grad,
  HabaError,
  mapTree,
  mean,
  mul,
  neg,
  pixels,
  rowsOf,
  scalar,
  sgd,
  slotsOfClass,
  square,
  sub,
  sum,
  tensor,
  uniform,
  type Augmentation,
  type Batch,
  type Dataset,
  type Game,
  type None,
  type RecurrenceObjective,
  type Rows,
  type SumObjective,
  type Tree,
} from '@haba/core'
import { tinyNetwork, type TinyWeights } from '../toys/tiny-network.js'
import { toyData } from '../toys/toy-data.js'
import { toySet } from '../toys/toy-set.js'
import { testAugmentation } from './test-augmentation.js'
import { testDataset } from './test-dataset.js'
import { testGame } from './test-game.js'
import { testNetwork } from './test-network.js'
import { testObjective } from './test-objective.js'
import { testParameterization } from './test-parameterization.js'

const network = tinyNetwork({ width: 2 })
const logits = (weights: TinyWeights, images: Tensor4D) =>
  network.apply(weights, images, { kind: 'train', state: {} }).logits

/** Mean images of every class. */
const means = (): SumObjective<None, { readonly rows: Rows; readonly real: Tensor4D }> => ({
  kind: 'sum',
  name: 'toy means',
  init: () => ({ params: {}, state: {} }),
  draw: (key, { real, layout }) =>
    disposeOnThrow(async (own) => ({
      common: {},
      items: await Promise.all(
        Array.from({ length: layout.classes }, async (_, label) => ({
          rows: own(drawProducts(foldIn(key, label), layout, slotsOfClass(layout, label), 'all')),
          real: own(await real.images(Int32Array.of(label, label + 1))),
        })),
      ),
    })),
  term: (set, _, __, { rows, real }) => sum(square(sub(mean(set.render(rows).images, 0), mean(real, 0)))),
})

interface Common {
  readonly student: TinyWeights
  readonly real: Batch
  readonly [name: string]: Tree
}

/** Three steps of a student with a learned rate, then its loss on real images. */
const student = (): RecurrenceObjective<
  Common,
  Rows,
  { readonly rate: Scalar },
  { readonly at: Tensor },
  Tree,
  Batch
> => ({
  kind: 'recurrence',
  name: 'toy student',
  init: () => ({ params: { rate: scalar(0.3) }, state: { at: scalar(0) } }),
  draw: async (key, { real, layout }) => {
    const indices = Int32Array.of(0, 1, 2, 3)
    const targets = Array.from(indices, (i) => [0, 1, 2].map((c) => +(real.labels[i] === c))).flat()
    const images = await real.images(indices)
    return {
      common: {
        student: network.init(foldIn(key, 'student')).weights,
        real: { images, targets: tensor(targets, [4, 3]) },
      },
      items: [0, 1, 2].map((i) => rowsOf(Int32Array.of(i, i + 3), drawView(foldIn(key, i), layout))),
    }
  },
  advance: async (_, { state }) => {
    disposeTree(state)
    return { at: scalar(1) }
  },
  start: (common) => common.student,
  input: (set, _, rows) => set.render(rows),
  step: ({ rate }, _, carry, { images, targets }) => {
    const gradient = grad((w: TinyWeights) => crossEntropy(logits(w, images), targets), carry as TinyWeights)
    return mapTree((w, g) => sub(w, mul(g, rate)), carry, gradient)
  },
  finish: (_, { real }, carry) => crossEntropy(logits(carry as TinyWeights, real.images), real.targets),
})

/** A critic that looks for what separates two views. */
const tellApart = (): Game<{ readonly first: Rows; readonly second: Rows }, { readonly direction: Tensor4D }> => ({
  name: 'toy tellApart',
  optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }),
  init: (key, { image, views }) => {
    if (views < 2) throw new HabaError('toy tellApart', 'two views', `${views}`, 'Use more.')
    const size = image[0] * image[1] * image[2]
    return { direction: tensor(uniform(key, size, -1, 1), [1, ...image]) }
  },
  draw: () => ({ first: rowsOf(Int32Array.of(0, 1), 0), second: rowsOf(Int32Array.of(0, 1), 1) }),
  penalty: (move, set, critic) => apart(move, set, critic),
  critique: (move, set, critic) => neg(apart(move, set, critic)),
})
const apart: Game<{ readonly first: Rows; readonly second: Rows }, { readonly direction: Tensor4D }>['penalty'] = (
  { first, second },
  set,
  { direction },
) => {
  const seen = (rows: Rows) => mean(mul(set.render(rows).images, direction))
  return add(mul(square(sub(seen(first), seen(second))), 1e3), 1) as Scalar
}

/** Brightness of each image. */
const brightness = (): Augmentation<{ readonly by: Tensor4D }> => ({
  name: 'toy brightness',
  draw: (key, rows) => ({ by: tensor(uniform(key, rows, -1, 1), [rows, 1, 1, 1]) }),
  apply: (images, { by }) => add(images, by),
})

testObjective({ make: means, sets: [pixels({ image: [8, 8, 2], classes: 3, perClass: 1 })] })
testObjective({ make: student })
testParameterization({ make: () => toySet({ certainty: 0.9 }) })
testParameterization({ make: () => pixels({ image: [5, 4, 1], classes: 2, perClass: [1, 3] }) })
testGame({ make: tellApart, unfit: [pixels({ image: [2, 2, 1], classes: 2, perClass: 1 }).layout] })
testNetwork({ make: () => tinyNetwork({ image: [4, 6, 1], width: 2 }), image: [4, 6, 1], classes: 3 })
testAugmentation({ make: brightness, image: [3, 5, 1] })

const source = toyData({ perClass: 3 })
testDataset({
  name: 'toy',
  sizes: { train: 12, test: 12 },
  make: (): Dataset => ({
    name: 'toy',
    image: source.image,
    classes: 3,
    classNames: ['a', 'b', 'c'],
    preprocessing: {
      name: 'double',
      settings: { by: 2 },
      apply: (values) => values.map((v) => 2 * v),
      invert: (values) => values.map((v) => v / 2),
    },
    train: source,
    test: source,
  }),
})
