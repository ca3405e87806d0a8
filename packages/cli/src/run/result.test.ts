import { summarise } from '@haba/eval'
import { expect, it } from 'vitest'
import { tableText, type Row } from './result.js'

const row = (name: string, accuracies: readonly number[]): Row => ({
  id: 'set',
  name,
  floats: 100,
  bytes: 400,
  note: '',
  ...summarise(accuracies),
})

it('says of which rows networks classified nothing right', () => {
  const lines = tableText({ caption: 'Equal floats.', rows: [row('good', [0.5, 0.6]), row('bad', [0, 0.6])] }).split(
    '\n',
  )
  expect(lines).toContain(
    'bad: 1 of 2 networks classified no test image right, as when training diverges. Try a smaller rate.',
  )
  expect(lines.filter((line) => line.includes('no test image'))).toHaveLength(1)
})
