import { accuracyAtBytes } from '@haba/eval'
import type { EqualBytes } from '@haba/report'
import type { Row } from '../folder/result.js'
import { alignedLines } from './tables.js'

/** A run that is compared with others. */
export interface MeasuredRun {
  readonly name: string
  /** Runs that agree in them are one method at several sizes. */
  readonly settings: string
  readonly rows: readonly Row[]
}

interface Method {
  readonly names: readonly string[]
  /** The runs that measured it, to tell methods of one name apart. */
  readonly runs: readonly string[]
  readonly points: readonly Row[]
}

/** Sets of as many floats differ by the bytes of their labels: so far apart they count as equal, as a fraction. */
const NEAR = 0.01

/** Runs of one method, and what they are compared with, at the bytes of each run; all training data are no such set. */
export function atEqualBytes(runs: readonly MeasuredRun[]): EqualBytes {
  const methods = new Map<string, Method>()
  const add = (key: string, name: string, run: string, row: Row) => {
    const { names, runs: by, points } = methods.get(key) ?? { names: [], runs: [], points: [] }
    methods.set(key, { names: [...new Set([...names, name])], runs: [...by, run], points: [...points, row] })
  }
  for (const { name, settings, rows } of runs)
    for (const row of rows) if (row.id === 'set') add(settings, name, name, row)
  for (const { name, rows } of runs)
    for (const row of rows)
      if (row.id !== 'set' && row.id !== 'fullData')
        add(`${row.id}, ${String(row.protocol?.hash)}`, row.name, name, row)
  const sizes = runs.flatMap(({ rows }) => rows.filter(({ id }) => id === 'set').map(({ bytes }) => bytes))
  const bytes = [...new Set(sizes)].sort((a, b) => a - b)
  const titles = [...methods.values()].map(({ names }) => names.join(', '))
  return {
    bytes,
    methods: [...methods.values()].map(({ runs: by, points }, i) => ({
      name: titles.filter((title) => title === titles[i]).length > 1 ? `${titles[i]}, as ${by.join(', ')}` : titles[i]!,
      means: bytes.map((size) => meanAt(points, size)),
    })),
  }
}

/** `accuracyAtBytes`, and what was measured near enough where that ends. */
const meanAt = (points: readonly Row[], size: number) =>
  accuracyAtBytes(points, size) ?? points.find(({ bytes }) => Math.abs(bytes / size - 1) <= NEAR)?.mean

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
  'Measured at these bytes, within 1 %, or between two sizes on the line over log bytes; – where that would be a guess.',
]
