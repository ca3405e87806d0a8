import type { Accuracy } from '@haba/eval'
import type { Described } from './protocol-text.js'
import { accuracyText, alignedLines, nothingRightLines, protocolLines } from './tables.js'

/** What one kind of network reaches on one set. */
export interface CrossRow extends Accuracy {
  readonly name: string
  readonly note?: string
  readonly network: string
  readonly protocol?: Described
  /** Half of the 95 % interval of the mean; absent for one network. */
  readonly halfInterval?: number
}

/** Networks by what they were trained on, as a terminal shows it. */
export const crossTable = (rows: readonly CrossRow[]): readonly string[] =>
  alignedLines(
    [
      ['network', 'trained on', 'test accuracy', '95 % interval of the mean', 'seeds'],
      ...rows.map((row) => [
        row.network,
        `${row.name}${row.note ?? ''}`,
        accuracyText(row),
        row.halfInterval === undefined ? 'from 2 seeds on' : intervalText(row.mean, row.halfInterval),
        `${row.accuracies.length}`,
      ]),
    ],
    [0, 1],
  )

const intervalText = (mean: number, half: number) =>
  [mean - half, mean + half].map((bound) => (100 * Math.min(1, Math.max(0, bound))).toFixed(2)).join(' … ') + ' %'

/** What a reader of the table must know. */
export const crossCaption = (rows: readonly CrossRow[]): readonly string[] => [
  ...nothingRightLines(rows.map((row) => ({ ...row, name: `${row.network} on ${row.name}` }))),
  ...protocolLines(rows),
  "mean ± population std; the interval is Student's t.",
]
