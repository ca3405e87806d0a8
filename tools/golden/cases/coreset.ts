import {
  forgetting,
  forgettingCounter,
  herdingOrder,
  kCenterOrder,
  meanRow,
  nearestToMean,
  type Matrix,
} from '@haba/coreset'
import type { Comparison, GoldenCase } from '../golden-case.js'
import { integersOf, listed, rowsAt } from '../layouts.js'

interface Meta {
  readonly classes: number
  readonly per_class: number
}

/** Herding, k-center and forgetting: indices must be the same, one by one. */
export const coreset: GoldenCase = async ({ meta, tensor }) => {
  const { classes, per_class: count } = meta as Meta
  const features = tensor('features')
  const members = membersOf(integersOf(tensor('labels')), classes)
  const orders = members.map((rows) => {
    const own = rowsAt(features, rows)
    const matrix: Matrix = { values: own.dataSync<'float32'>(), rows: rows.length, columns: features.shape[1]! }
    const inFile = (order: Int32Array) => [...order].map((row) => rows[row]!)
    return {
      mean: [...meanRow(matrix)],
      herding: inFile(herdingOrder(matrix, count)),
      kCenter: inFile(kCenterOrder(matrix, count, nearestToMean({ hi: 0, lo: 0 }, matrix))),
    }
  })

  const history = tensor('forgetting.history')
  const [epochs, samples] = history.shape as [number, number]
  const seen = integersOf(history)
  const counter = forgettingCounter(samples)
  for (let i = 0; i < epochs * samples; i++) counter.see(i % samples, seen[i] === 1)
  const learned = Array.from({ length: samples }, (_, i) => seen.some((v, at) => at % samples === i && v === 1))
  const chosen = await Promise.all(
    membersOf(integersOf(tensor('forgetting.labels')), classes).map((own) =>
      forgetting({ counts: counter.counts }).order({ hi: 0, lo: 0 }, Int32Array.from(own), own.length),
    ),
  )

  const same = (name: string, got: readonly number[]): Record<string, Comparison> => ({
    [name]: { expected: tensor(name), got: listed(...got), order: 1 },
  })
  return {
    ...same(
      'class_counts',
      members.map((own) => own.length),
    ),
    ...same(
      'class_means',
      orders.flatMap(({ mean }) => mean),
    ),
    ...same(
      'herding.order',
      orders.flatMap(({ herding }) => herding),
    ),
    ...same(
      'k_center.order',
      orders.flatMap(({ kCenter }) => kCenter),
    ),
    ...same('forgetting.counts', [...counter.counts]),
    ...same(
      'forgetting.never_correct',
      learned.map((yes) => (yes ? 0 : 1)),
    ),
    ...same(
      'forgetting.class_counts',
      chosen.map((own) => own.length),
    ),
    ...same(
      'forgetting.order',
      chosen.flatMap((own) => [...own]),
    ),
  }
}

const membersOf = (labels: readonly number[], classes: number): readonly (readonly number[])[] =>
  Array.from({ length: classes }, (_, label) => [...labels.keys()].filter((i) => labels[i] === label))
