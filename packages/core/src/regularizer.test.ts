import { testGame, toySet } from '@haba/testing'
import type { Scalar } from '@tensorflow/tfjs-core'
import { expect, it } from 'vitest'
import { add, mul, square } from './ops/elementwise.js'
import { mean } from './ops/reduce.js'
import { keyFrom } from './random/key.js'
import { regularizer } from './regularizer.js'
import { rowsOf } from './rows.js'
import type { Rows, Synthetic } from './spec/synthetic.js'

const brightness = (set: Synthetic, rows: Rows): Scalar => add(mul(mean(square(set.render(rows).images)), 10), 1)

testGame({ make: () => regularizer('brightness', brightness) })
testGame({ make: () => regularizer('first slot', brightness, () => rowsOf(Int32Array.of(0), 0)) })

it('sees every slot once, under views that change from step to step', () => {
  const { layout } = toySet({ views: 3 })
  const game = regularizer('brightness', brightness)
  const drawn = [1, 2, 3].map((seed) => game.draw(keyFrom(seed), layout))
  for (const { slots } of drawn) expect([...slots.dataSync()]).toEqual([...layout.labels.keys()])
  const views = drawn.map((rows) => [...rows.views.dataSync()])
  expect(new Set(views.flat())).toEqual(new Set([0, 1, 2]))
  expect(views[0]).not.toEqual(views[1])
})
