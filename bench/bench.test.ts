import { HabaError, keyFrom } from '@haba/core'
import { join } from 'node:path'
import { root } from '../tools/packages.js'
import { describe, expect, it } from 'vitest'
import { parseArguments } from './arguments.js'
import { byOperator, convolutionOperations, operatorLines, type ProfileEvent } from './profile.js'
import { inTurn } from './rows/in-turn.js'
import { closingLine, compare, duration, median, megabytes, percent } from './statistics.js'
import { rowNamed, table } from './table.js'

describe('arguments', () => {
  it('ask for the whole table, or the named rows in their order', () => {
    expect(parseArguments([])).toMatchObject({ rows: table, rounds: 5, profile: false })
    const { rows, rounds } = parseArguments(['student-10', 'sgd-256', '--rounds', '7'])
    expect(rows.map(({ name }) => name)).toEqual(['student-10', 'sgd-256'])
    expect(rounds).toBe(7)
  })

  it('write over the committed results only where they say so', () => {
    expect(parseArguments([]).results).toBe(join(root, 'runs/bench'))
    expect(parseArguments(['student-10', '--record']).results).toBe(join(root, 'bench/results'))
  })

  it('ask for a profile of a row', () => {
    expect(parseArguments(['--profile', 'sgd-256'])).toMatchObject({ rows: [{ name: 'sgd-256' }], profile: true })
  })

  it.each([[['sgd']], [['--rounds', '0']], [['--rounds', 'five']]])('%j is refused', (args) => {
    expect(() => parseArguments(args)).toThrow(HabaError)
  })
})

describe('the table', () => {
  it('has the rows that were promised, each with a "must" below its "aim"', () => {
    expect(table.map(({ name }) => name)).toEqual([
      'sgd-256',
      'student-10',
      'student-100',
      'trajectory-10x50',
      'trajectory-100x30',
      'haba-iteration-1',
      'haba-iteration-10',
      'dm-iteration',
      'dm-haba-iteration',
      'dsa-iteration',
      'evaluate',
    ])
    expect(table.filter(({ must, aim }) => !(must < aim))).toEqual([])
    expect(rowNamed('trajectory-100x30')).toMatchObject({ batch: 100, steps: 30, memoryAtMost: 1 / 6 })
  })
})

describe('statistics', () => {
  it('the median is the middle value, whatever the order', () => {
    expect(median([9, 1, 5])).toBe(5)
    expect(median([10, 1, 2, 4])).toBe(3)
    expect(() => median([])).toThrow(HabaError)
  })

  it('says quantities in words', () => {
    expect([duration(12.34), duration(4321), megabytes(2.5e9), megabytes(undefined), percent(0.0345)]).toEqual([
      '12.3 ms',
      '4.32 s',
      '2500 MB',
      'not measured',
      '3.5 %',
    ])
  })

  it('closes a row with one line', () => {
    const row = { name: 'sgd-256', must: 1.15, aim: 1.5 }
    expect(closingLine({ ...row, ratio: 1.326, memoryRatio: 0.5 })).toBe(
      'sgd-256: ratio 1.33 (must 1.15, aim 1.5), memory ratio 0.50',
    )
    expect(closingLine(row)).toBe('sgd-256: ratio not measured (must 1.15, aim 1.5), memory ratio not measured')
  })

  it('holds both sides to the same numbers', () => {
    expect(compare('row', { loss: 2 }, { loss: 2 })).toEqual({ loss: 0 })
    expect(compare('row', { gradient: 1.0005 }, { gradient: 1 }).gradient).toBeCloseTo(5e-4)
    expect(() => compare('row', { loss: 1.0005 }, { loss: 1 })).toThrow('do not do the same work')
    expect(() => compare('row', { loss: NaN }, { loss: NaN })).toThrow(HabaError)
    expect(() => compare('row', { loss: 1 }, {})).toThrow(HabaError)
  })
})

describe('profile', () => {
  const event = (type: string, dur: number, shapes: readonly (readonly number[])[], out: readonly number[]) =>
    ({
      cat: 'Node',
      name: `${type}_kernel_time`,
      dur,
      args: {
        op_name: type,
        input_type_shape: shapes.map((float) => ({ float })),
        output_type_shape: [{ float: out }],
      },
    }) satisfies ProfileEvent

  it('counts the operations of convolutions', () => {
    const forward = event('Conv', 1, [[2, 3, 8, 8], [4, 3, 3, 3]], [2, 4, 8, 8]) // prettier-ignore
    expect(convolutionOperations(forward)).toBe(2 * (2 * 4 * 8 * 8) * (3 * 3 * 3))
    const filter = event('Conv', 1, [[1, 5, 3, 8, 8], [4, 5, 1, 6, 6]], [1, 4, 3, 3, 3]) // prettier-ignore
    expect(convolutionOperations(filter)).toBe(2 * (4 * 3 * 3 * 3) * (5 * 6 * 6))
    const back = event('ConvTranspose', 1, [[2, 4, 6, 6], [4, 3, 3, 3]], [2, 3, 8, 8]) // prettier-ignore
    expect(convolutionOperations(back)).toBe(2 * (2 * 4 * 6 * 6) * (3 * 3 * 3))
    expect(convolutionOperations(event('Mul', 1, [[4]], [4]))).toBe(0)
  })

  it('adds up by operator, and ignores what is no kernel', () => {
    const events = [
      event('Mul', 1000, [[4]], [4]),
      event('Conv', 2000, [[1, 1, 1, 1], [1, 1, 1, 1]], [1, 1, 1, 1]), // prettier-ignore
      event('Conv', 1000, [[1, 1, 1, 1], [1, 1, 1, 1]], [1, 1, 1, 1]), // prettier-ignore
      { ...event('Conv', 5000, [], []), name: 'Conv_fence_before' },
      { cat: 'Session', name: 'model_run', dur: 9000 },
    ]
    expect(byOperator(events)).toEqual([
      { type: 'Conv', calls: 2, milliseconds: 3, operations: 4 },
      { type: 'Mul', calls: 1, milliseconds: 1, operations: 0 },
    ])
    expect(operatorLines(byOperator(events))[0]).toMatch(/^ +75\.0 % +Conv +3 ms in 2 calls, 0 GFLOP\/s$/)
  })
})

describe('operations in turn', () => {
  it('come in the order of the published strategy, those that act alike as one program', () => {
    const { draw } = inTurn()
    const picks = Array.from({ length: 7 }, () => draw(keyFrom(1), 2, [8, 8, 3]).pick)
    expect(picks).toEqual([0, 1, 2, 1, 1, 5, 0])
  })
})
