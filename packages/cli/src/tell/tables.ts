import { recoveryRatio, type Accuracy } from '@haba/eval'
import type { Result, Row } from '../folder/result.js'
import { protocolText } from './protocol-text.js'

const percent = (fraction: number) => (100 * fraction).toFixed(2)

/** An accuracy as text: `93.12 ± 0.40 %`. */
export const accuracyText = ({ mean, std }: Pick<Accuracy, 'mean' | 'std'>): string =>
  `${percent(mean)} ± ${percent(std)} %`

/** The row of all training data; undefined if the run did not measure it. */
export const fullDataOf = (rows: readonly Row[]): Row | undefined => rows.find(({ id }) => id === 'fullData')

/** The accuracy of all training data, with its note: `98.47 ± 0.10 % (60,000 images, each seen once)`. */
export const fullDataText = (full: Row): string => `${accuracyText(full)} (${full.note})`

/** The share of the accuracy of all training data, as a fraction. */
export const recoveryOf = (rows: readonly Row[], { mean }: Pick<Row, 'mean'>): number | undefined => {
  const full = fullDataOf(rows)?.mean
  return full ? recoveryRatio(mean, full) : undefined
}

/** One line per protocol, with the names of its rows if there are several protocols. */
export function protocolLines(rows: readonly Pick<Row, 'name' | 'protocol'>[]): readonly string[] {
  const names = new Map<string, string[]>()
  for (const { name, protocol } of rows)
    if (protocol) names.set(protocolText(protocol), [...new Set([...(names.get(protocolText(protocol)) ?? []), name])])
  const lines = [...names]
  return lines.map(([text, own]) => (lines.length === 1 ? text : `${own.join(', ')}: ${text}`))
}

/** One line per row with networks that classified no test image correctly. */
export const nothingRightLines = (rows: readonly Pick<Row, 'name' | 'accuracies'>[]): readonly string[] =>
  rows.flatMap(({ name, accuracies }) => {
    const none = accuracies.filter((accuracy) => accuracy === 0).length
    return none === 0
      ? []
      : [
          `${name}: ${none} of ${accuracies.length} networks classified no test image correctly: their training probably diverged. ` +
            'Try a smaller learning rate.',
        ]
  })

/**
 * The table, for a terminal.
 *
 * @param recovery the share of full data of a row, as a fraction @default its share of the row `fullData`
 */
export function tableText(
  { caption, rows }: Pick<Result, 'caption' | 'rows'>,
  recovery: (row: Row) => number | undefined = (row) => recoveryOf(rows, row),
): string {
  const others = [...new Set(rows.flatMap((row) => (row.others ?? []).map(({ network }) => network)))]
  const otherText = (row: Row, network: string) => {
    const found = row.others?.find((one) => one.network === network)
    return found ? accuracyText(found) : '–'
  }
  const cells = [
    ['trained on', 'test accuracy', ...others, 'of full data', 'bytes', 'values', 'networks', ''],
    ...rows.map((row) => [
      row.name,
      accuracyText(row),
      ...others.map((network) => otherText(row, network)),
      recoveryText(recovery(row)),
      row.bytes.toLocaleString('en-US'),
      row.floats.toLocaleString('en-US'),
      `${row.accuracies.length}`,
      row.note,
    ]),
  ]
  return [
    ...alignedLines(cells, [0, cells[0]!.length - 1]),
    ...(caption === '' ? [] : [caption]),
    ...nothingRightLines(rows),
    ...protocolLines(rows),
  ].join('\n')
}

const recoveryText = (ratio: number | undefined) => (ratio === undefined ? '–' : `${(100 * ratio).toFixed(1)} %`)

/**
 * Aligns cells in columns, with rules below the first line and at the end.
 *
 * @param words left-aligned columns; others are right-aligned
 */
export function alignedLines(cells: readonly (readonly string[])[], words: readonly number[]): readonly string[] {
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((line) => line[column]!.length)))
  const aligned = cells.map((line) =>
    line
      .map((cell, column) => (words.includes(column) ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  )
  const rule = '-'.repeat(Math.max(...aligned.map((line) => line.length)))
  return [aligned[0]!, rule, ...aligned.slice(1), rule]
}
