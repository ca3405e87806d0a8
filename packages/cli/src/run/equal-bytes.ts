import { accuracyAtBytes } from '@haba/eval'
import type { EqualBytes } from '@haba/report'
import { alignedLines, type Row } from './result.js'

/** A run that is compared with others. */
export interface MeasuredRun {
  readonly name: string
  /** Runs that agree in them are one method at several sizes. */
  readonly settings: string
  readonly rows: readonly Row[]
}

interface Method {
  readonly names: string[]
  readonly points: Row[]
}

/** Runs of one method, and what they are compared with, at the bytes of each run; all training data are no such set. */
export function atEqualBytes(runs: readonly MeasuredRun[]): EqualBytes {
  const methods = new Map<string, Method>()
  const add = (key: string, name: string, row: Row) => {
    const known = methods.get(key) ?? { names: [], points: [] }
    methods.set(key, { names: [...new Set([...known.names, name])], points: [...known.points, row] })
  }
  for (const { name, settings, rows } of runs) for (const row of rows) if (row.id === 'set') add(settings, name, row)
  for (const { rows } of runs)
    for (const row of rows)
      if (row.id !== 'set' && row.id !== 'fullData') add(`${row.id}, ${String(row.protocol?.hash)}`, row.name, row)
  const sizes = runs.flatMap(({ rows }) => rows.filter(({ id }) => id === 'set').map(({ bytes }) => bytes))
  const bytes = [...new Set(sizes)].sort((a, b) => a - b)
  return {
    bytes,
    methods: [...methods.values()].map(({ names, points }) => ({
      name: names.join(', '),
      means: bytes.map((size) => accuracyAtBytes(points, size)),
    })),
  }
}

/** The same for a terminal. */
export const equalBytesLines = ({ bytes, methods }: EqualBytes): readonly string[] => [
  ...alignedLines(
    [
      ['at equal bytes', ...bytes.map((size) => size.toLocaleString('en-US'))],
      ...methods.map(({ name, means }) => [
        name,
        ...means.map((mean) => (mean === undefined ? '–' : `${(100 * mean).toFixed(2)} %`)),
      ]),
    ],
    [0],
  ),
  'Measured at these bytes, or between two sizes on the line over log bytes; – where that would be a guess.',
]
