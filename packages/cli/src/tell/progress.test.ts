import { expect, it } from 'vitest'
import { progressOn, timeText } from './progress.js'

/** A recording stream and a clock that the test sets. */
function stage(isTTY: boolean) {
  const written: string[] = []
  const clock = { ms: 0 }
  const screen = { isTTY, columns: 30, write: (text: string) => written.push(text) }
  return { written, clock, progress: progressOn(screen, () => clock.ms) }
}

it('without a terminal, writes the first, the last, and a line every five seconds', () => {
  const { written, clock, progress } = stage(false)
  for (let done = 1; done <= 12; done++) {
    progress.count('step', done, 12, 'loss 1')
    clock.ms += 1000
  }
  expect(written).toEqual([
    '  step 1/12  loss 1\n',
    '  step 6/12  loss 1  1.0/s  6 s left\n',
    '  step 11/12  loss 1  1.0/s  1 s left\n',
    '  step 12/12  loss 1  1.0/s  0 s left\n',
  ])
})

it('counts anew where the same work begins again', () => {
  const { written, clock, progress } = stage(false)
  progress.count('step', 1, 3, '')
  clock.ms += 60_000
  progress.count('step', 3, 3, '')
  clock.ms += 60_000
  progress.count('step', 1, 3, '')
  clock.ms += 10_000
  progress.count('step', 2, 3, '')
  expect(written.slice(2)).toEqual(['  step 1/3\n', '  step 2/3  10.0 s each  10 s left\n'])
})

it('on a terminal, changes one line that never wraps, and clears it for others', () => {
  const { written, clock, progress } = stage(true)
  progress.count('step', 1, 9, 'a measurement that is far too long')
  clock.ms += 50
  progress.count('step', 2, 9, '')
  progress.say('Done.')
  expect(written).toEqual(['\r\u001b[K  step 1/9  a measurement tha', '\r\u001b[KDone.\n'])
})

it.each([
  [59.4, '59 s'],
  [61, '1 min 1 s'],
  [7260, '2 h 1 min'],
])('says %d s as %s', (seconds, text) => {
  expect(timeText(seconds)).toBe(text)
})
