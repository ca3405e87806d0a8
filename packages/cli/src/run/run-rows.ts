import type { StorageReport } from '@haba/core'
import type { DistillState } from '@haba/distill'
import type { Protocol } from '@haba/eval'
import type { ReadConfig } from '../config/read-config.js'
import { interruptible, type Interruption } from '../interruption.js'
import type { Progress } from '../progress.js'
import { learnedNumbers } from './distil-into.js'
import type { Measure, Measured } from './evaluate-rows.js'
import { makeNetwork, makeProtocol, type Parts } from './parts.js'
import type { SavedPreprocessing } from './preprocessing-file.js'
import { withRow, type Row, type RowId } from './result.js'
import { readResult, writeResult } from './run-folder.js'

export interface RunOptions {
  readonly folder: string
  readonly read: ReadConfig
  readonly progress: Progress
  readonly interruption: Interruption
}

/** What the steps of one run share. */
export interface Run extends RunOptions {
  readonly parts: Parts
  readonly preprocessing: SavedPreprocessing
  readonly todo: string
}

/** What distilling into a folder takes from a run. */
export const intoOf = ({ read, progress, interruption, todo }: Run) => ({
  checkpointEvery: read.config.checkpointEvery,
  ...(read.config.memory !== undefined && { memory: read.config.memory }),
  progress,
  interruption,
  todo,
})

/** The protocol of a run for a set with or without a learned rate; without, a learned one is replaced by 0.01. */
export async function measureOf(run: Run, state?: DistillState, epochs?: number): Promise<Measure> {
  const { parts, progress, interruption, todo } = run
  const { evaluate } = parts.read.config
  const learned = state && new Map(learnedNumbers(state)).get('rate')
  const settings = {
    ...evaluate,
    ...(!state && evaluate.rate === 'learned' && { rate: 0.01 }),
    ...(epochs !== undefined && { epochs }),
  }
  const protocol: Protocol = await makeProtocol(parts, settings, learned)
  const watch = (onCall: (name: string) => void) =>
    interruptible(parts.engine, interruption, `Stopped while testing. ${todo}`, onCall)
  const others = await Promise.all(
    parts.read.config.compare.networks.map((named, i) =>
      makeNetwork(parts.read, named, parts.data, `compare.networks.${i}`),
    ),
  )
  const measure = { parts, watch, protocol, networks: evaluate.networks, progress, others }
  if (!parts.validation) return measure
  const rates = [...new Set([...evaluate.rates, ...(learned === undefined ? [] : [learned])])]
  const { trialNetworks } = evaluate
  const protocolAt = (rate: number) => ({ ...protocol, rate })
  const choosing = { validation: parts.validation, rates, trialNetworks, protocolAt }
  return { ...measure, choosing }
}

/** By what a row was distilled, and what it stores besides images or bases. */
export const distilledNote = ({ read }: Run, state: DistillState) =>
  [`, by ${read.config.objective.use}`, ...learnedNumbers(state).map(([name]) => `, with a learned ${name}`)].join('')

/** What is equal about the rows of a table. */
export const equalBytesText = (bytes: number): string =>
  `Equal bytes: each set has at most ${bytes.toLocaleString('en-US')}, labels included; real images are stored as uint8 or in one JPEG.`

/** A row of the table. */
export const row = (
  name: string,
  { mean, std, accuracies, protocol, choice, others }: Measured,
  { floats, bytes }: Pick<StorageReport, 'floats' | 'bytes'>,
  note: string,
): Omit<Row, 'id'> => ({
  name,
  floats,
  bytes,
  mean,
  std,
  accuracies,
  note,
  ...(protocol && { protocol }),
  ...(choice && { choice }),
  ...(others && { others }),
})

/** The rows of a run, in its folder. */
export interface Rows {
  /**
   * Measures a row and writes the result, unless it is there already, after as many steps and within as many bytes.
   *
   * @param measure undefined where there can be no such row
   */
  add(
    id: RowId,
    steps: number | undefined,
    measure: () => Promise<Omit<Row, 'id'> | undefined>,
    within?: number,
  ): Promise<void>
}

/** Opens the rows of a run. @param caption what is equal about them */
export function rowsOf({ folder, read }: Run, caption: string): Rows {
  return {
    async add(id, steps, measure, within) {
      const known = (await readResult(folder))?.rows ?? []
      if (known.some((one) => one.id === id && one.steps === steps && one.within === within)) return
      const own = await measure()
      if (!own) return
      const measured = { id, ...own, ...(steps !== undefined && { steps }), ...(within !== undefined && { within }) }
      await writeResult(folder, { name: read.config.name, caption, rows: withRow(known, measured) })
    },
  }
}
