import type { Accuracy, Choice } from '@haba/eval'
import { selectionNames, type SelectionName } from '../plugins/selections.js'
import type { Described } from '../tell/protocol-text.js'

/** Chosen real images. */
type RealId = 'random' | SelectionName

/** What a row's networks were trained on: the distilled set, or a baseline. */
export type RowId =
  RealId | `${RealId}Jpeg` | 'start' | 'pixels' | 'set' | 'prescribedRandom' | 'prescribed' | 'fullData'

/** One line of the table. */
export interface Row {
  readonly id: RowId
  readonly name: string
  /** Stored bytes, labels included. */
  readonly bytes: number
  /** Stored values without labels, of 32 bits, or fewer if coded. */
  readonly floats: number
  readonly mean: number
  /** Population standard deviation over networks. */
  readonly std: number
  readonly accuracies: readonly number[]
  readonly note: string
  /** For real images: the bytes that they had to fit into. */
  readonly within?: number
  /** Steps of distillation. */
  readonly steps?: number
  /** How networks were trained; absent if as the set prescribes. */
  readonly protocol?: Described
  /** The chosen learning rate and checkpoint, under a protocol that chooses. */
  readonly choice?: Choice
  /** Accuracies of other networks under the same protocol. */
  readonly others?: readonly (Accuracy & { readonly network: string })[]
  /** Hash of the settings and images of the measurement; absent in rows of earlier versions. */
  readonly by?: string
}

/** The measurements of a run. */
export interface Result {
  readonly name: string
  /** What the rows have in common, and how they differ. */
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

/** Adds a row, in the order of the table; replaces a row of the same kind. */
export const withRow = (rows: readonly Row[], row: Row): readonly Row[] =>
  [...rows.filter(({ id }) => id !== row.id), row].sort((a, b) => order.indexOf(a.id) - order.indexOf(b.id))
