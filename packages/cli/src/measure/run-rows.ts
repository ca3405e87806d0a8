import { canonicalHash, type AnyParameterization, type StorageReport } from '@haba/core'
import { expand, type DistillState } from '@haba/distill'
import type { Protocol } from '@haba/eval'
import type { Config } from '../config/config.js'
import { interruptible } from '../interruption.js'
import { selectionNames } from '../plugins/selections.js'
import { learnedNumbers } from '../folder/distill-into.js'
import type { Measure, Measured } from './evaluate-rows.js'
import { imagesHash } from '../folder/made-of.js'
import { makeNetwork, makeProtocol } from '../assemble/parts.js'
import { withRow, type Row, type RowId } from '../folder/result.js'
import type { Run } from '../folder/run.js'
import { readResult } from '../folder/packed.js'
import { writeResult } from '../folder/run-folder.js'

/** How a run measures a set. For a set without a learned learning rate, a protocol that expects one uses 0.01. */
export async function measureOf(
  run: Pick<Run, 'parts' | 'progress' | 'signal' | 'todo'>,
  state?: DistillState,
  epochs?: number,
): Promise<Measure> {
  const { parts, progress, signal, todo } = run
  const { evaluate } = parts.read.config
  const learned = state && new Map(learnedNumbers(state)).get('rate')
  const settings = {
    ...evaluate,
    ...(!state && evaluate.learningRate === 'learned' && { learningRate: 0.01 }),
    ...(epochs !== undefined && { epochs }),
  }
  const protocol: Protocol = await makeProtocol(parts, settings, learned)
  const engine = interruptible(parts.engine, signal, `Stopped while testing. ${todo}`)
  const others = await Promise.all(
    parts.read.config.compare.networks.map((named, i) =>
      makeNetwork(parts.read, named, parts.data, `compare.networks.${i}`),
    ),
  )
  const measure = { parts, engine, protocol, networks: evaluate.networks, progress, others }
  if (!parts.validation) return measure
  const rates = [...new Set([...evaluate.learningRates, ...(learned === undefined ? [] : [learned])])]
  const { trialNetworks } = evaluate
  const protocolAt = (rate: number) => ({ ...protocol, rate })
  const choosing = { validation: parts.validation, rates, trialNetworks, protocolAt }
  return { ...measure, choosing }
}

/** A row's note: its objective, and what it stores besides images or bases. */
export const distilledNote = ({ read }: Run, state: DistillState) =>
  [
    `, by ${read.config.objective.use}`,
    ...learnedNumbers(state).map(([name]) => `, with a learned ${name}`),
    ...(state.lowered
      ? [
          `, learning rates lowered ${state.lowered} times (× ${read.config.diverged?.lowerRates ?? 0.5} each) after steps that were not finite`,
        ]
      : []),
  ].join('')

/** Whether a configuration compares with anything of as many bytes as the set. */
export const comparesAtEqualBytes = (compare: Config['compare']): boolean =>
  compare.random || compare.pixels !== undefined || selectionNames.some((name) => compare[name])

/** The caption: what the rows of a table have in common. */
export const equalBytesText = (bytes: number): string =>
  `Equal bytes: each set has at most ${bytes.toLocaleString('en-US')}, labels included; real images are stored as uint8 or in one JPEG.`

/** Makes a row of the table. */
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

/** The rows of a run. */
export interface Rows {
  /**
   * Measures a row and writes the result, unless the same row is there already: with equal steps, bytes, settings and images.
   *
   * @param measure returns undefined if such a row is impossible
   */
  add(
    id: RowId,
    steps: number | undefined,
    measure: () => Promise<Omit<Row, 'id'> | undefined>,
    within?: number,
  ): Promise<void>
}

/** Hash of everything a row depends on besides distillation: settings of the measurement, and images. */
function measuredBy({ read, parts }: Pick<Run, 'read' | 'parts'>, id: RowId): string {
  const { evaluate, compare } = read.config
  const chosen = id.replace(/Jpeg$/, '')
  return canonicalHash({
    images: imagesHash(parts.made),
    evaluate,
    networks: compare.networks,
    ...((selectionNames as readonly string[]).includes(chosen) && { selection: compare.selection }),
    ...(chosen !== id && { qualities: compare.qualities }),
    ...(id === 'fullData' && { fullData: compare.fullData }),
  })
}

/** An earlier row that is still valid. */
export async function knownRow(
  run: Pick<Run, 'folder' | 'read' | 'parts'>,
  id: RowId,
  steps?: number,
  within?: number,
): Promise<Row | undefined> {
  const by = measuredBy(run, id)
  return (await readResult(run.folder))?.rows.find(
    (one) => one.id === id && one.steps === steps && one.within === within && (one.by ?? by) === by,
  )
}

/** Opens the rows of a run. @param caption what they have in common */
export function rowsOf(run: Run, caption: string): Rows {
  const { folder, read } = run
  return {
    async add(id, steps, measure, within) {
      if (await knownRow(run, id, steps, within)) return
      const own = await measure()
      if (!own) return
      const known = (await readResult(folder))?.rows ?? []
      const measured = {
        id,
        ...own,
        ...(steps !== undefined && { steps }),
        ...(within !== undefined && { within }),
        by: measuredBy(run, id),
      }
      await writeResult(folder, { name: read.config.name, caption, rows: withRow(known, measured) })
    },
  }
}

/** Renders every view of a set. */
export const rendered = ({ parts }: Run, parameterization: AnyParameterization, { set }: DistillState) =>
  expand(parts.engine, parameterization, set)
