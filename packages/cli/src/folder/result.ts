import type { Accuracy, Choice } from '@haba/eval'
import { selectionNames, type SelectionName } from '../plugins/selections.js'
import type { Described } from '../tell/protocol-text.js'

/** Chosen real images. */
type RealId = 'random' | SelectionName

/** What was trained on: the distilled set, or what it is compared with. */
export type RowId =
  RealId | `${RealId}Jpeg` | 'start' | 'pixels' | 'set' | 'prescribedRandom' | 'prescribed' | 'fullData'

/** One line of the table. */
export interface Row {
  readonly id: RowId
  readonly name: string
  /** All that is stored, labels included. */
  readonly bytes: number
  /** Stored values, labels aside: of 32 bits, or of fewer where they are coded. */
  readonly floats: number
  readonly mean: number
  /** Population standard deviation over networks. */
  readonly std: number
  readonly accuracies: readonly number[]
  readonly note: string
  /** Of real images: the bytes that they had to fit into. */
  readonly within?: number
  /** Steps of distillation. */
  readonly steps?: number
  /** How networks were trained on it; absent where as the set itself prescribes. */
  readonly protocol?: Described
  /** How rate and checkpoint were chosen, under a protocol that chooses. */
  readonly choice?: Choice
  /** What other networks reach, under the same protocol. */
  readonly others?: readonly (Accuracy & { readonly network: string })[]
  /** Hash of the settings and the images that it was measured with; none in rows of earlier versions. */
  readonly by?: string
}

/** What a run measured. */
export interface Result {
  readonly name: string
  /** What is equal about the rows, and what is not. */
  readonly caption: string
  readonly rows: readonly Row[]
}

const order: readonly RowId[] = [
  ...(['random', ...selectionNames] as const).flatMap((name) => [name, `${name}Jpeg`] as const),
  'start',
  'pixels',
  'set',
  'prescribedRandom',
  'prescribed',
  'fullData',
]

/** The rows with one more, in the order of the table; a row of the same kind is replaced. */
export const withRow = (rows: readonly Row[], row: Row): readonly Row[] =>
  [...rows.filter(({ id }) => id !== row.id), row].sort((a, b) => order.indexOf(a.id) - order.indexOf(b.id))
