import { accuracyAtBytes } from '@haba/eval'
import type { EqualBytes } from '@haba/report'
import type { Row } from '../folder/result.js'
import { alignedLines } from './tables.js'

/** A run in a comparison. */
export interface MeasuredRun {
  readonly name: string
  /** Runs with equal settings are one method at several sizes. */
  readonly settings: string
  readonly rows: readonly Row[]
}

interface Method {
  readonly names: readonly string[]
  /** Its runs, to distinguish methods with the same name. */
  readonly runs: readonly string[]
  readonly points: readonly Row[]
}

/** Sizes within this fraction count as equal, because sets with equal floats differ by the bytes of their labels. */
const NEAR = 0.01

/** The accuracy of each method and baseline at the bytes of each run; without the row of all training data. */
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

/** `accuracyAtBytes`; outside the measured sizes the accuracy of a near size. */
const meanAt = (points: readonly Row[], size: number) =>
  accuracyAtBytes(points, size) ?? points.find(({ bytes }) => Math.abs(bytes / size - 1) <= NEAR)?.mean

/** The table, for a terminal. */
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
  'Measured at these bytes (within 1 %), or interpolated linearly in log bytes; – outside the measured sizes.',
]
