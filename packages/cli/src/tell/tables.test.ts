import { summarize } from '@haba/eval'
import { expect, it } from 'vitest'
import type { Row } from '../folder/result.js'
import { tableText } from './tables.js'

const row = (name: string, accuracies: readonly number[]): Row => ({
  id: 'set',
  name,
  floats: 100,
  bytes: 400,
  note: '',
  ...summarize(accuracies),
})

it('says of which rows networks classified nothing right', () => {
  const lines = tableText({ caption: 'Equal bytes.', rows: [row('good', [0.5, 0.6]), row('bad', [0, 0.6])] }).split(
    '\n',
  )
  expect(lines).toContain(
    'bad: 1 of 2 networks classified no test image correctly: their training probably diverged. Try a smaller learning rate.',
  )
  expect(lines.filter((line) => line.includes('no test image'))).toHaveLength(1)
})
