import { HabaError, sizeOf } from '@haba/core'
import { halfInterval95, shareOut, summarise } from '@haba/eval'
import { join } from 'node:path'
import type { EvaluateSettings, Named } from '../config/config.js'
import { namedInText } from '../config/named.js'
import { readConfig, type ReadConfig } from '../config/read-config.js'
import { evaluateSchema } from '../config/schema.js'
import { validate } from '../config/validate.js'
import { listenForInterruption, type Interruption } from '../interruption.js'
import { kinds, type AnyTable } from '../plugins/tables.js'
import { progressOn } from '../progress.js'
import { readManifest } from '../run/draw-run.js'
import type { MeasuredNetwork, MeasuringJob } from '../run/measuring.js'
import { protocolText } from '../run/protocol-text.js'
import { accuracyText, alignedLines } from '../run/result.js'
import { configOf, writeWhole } from '../run/run-folder.js'
import { openLanes } from '../workers/lanes.js'
import { overridden } from './distill.js'
import type { Terminal } from './terminal.js'

export interface EvaluateOptions {
  readonly networks?: readonly string[]
  readonly seeds?: number
  readonly workers?: number
  readonly protocol?: string
  readonly epochs?: number
  readonly data?: string
  readonly engine?: string
}

/** `haba evaluate`: tests a finished set again, under another protocol or with other kinds of networks. */
export async function evaluateCommand(
  folder: string,
  { networks, seeds, workers, protocol, epochs, ...elsewhere }: EvaluateOptions,
  { out, err }: Terminal,
  interruption?: Interruption,
): Promise<void> {
  const read = overridden(await readConfig(configOf(folder)), elsewhere)
  const settings = evaluateSettings(read, { protocol, epochs, networks: seeds })
  const { storage, layout } = await readManifest(folder)
  const kindsOf = networks === undefined ? [read.config.network] : namedNetworks(read, networks)
  const jobs: MeasuringJob[] = kindsOf.flatMap((network) =>
    Array.from({ length: settings.networks }, (_, seed) => ({ on: 'set' as const, network, seed })),
  )
  const progress = progressOn(err)
  const heard = interruption ?? listenForInterruption(progress.say)
  const { lanes, close } = await openLanes({
    read,
    measuring: { folder, settings, ...elsewhere },
    jobs: jobs.length,
    ...(workers !== undefined && { workers }),
    progress,
    interruption: heard,
  })
  try {
    const told = (_: MeasuringJob, { network, accuracy }: MeasuredNetwork, done: number) =>
      progress.say(`${done}/${jobs.length}  ${network}: ${(100 * accuracy).toFixed(2)} %`)
    const measured = await shareOut(jobs, lanes, told)
    const rows = kindsOf.map((_, i) => rowOf(measured.slice(i * settings.networks, (i + 1) * settings.networks)))
    const { floats, bytes } = storage
    for (const row of rows) {
      const file = join(folder, `evaluation-${settings.protocol}-${row.network}.json`)
      await writeWhole(
        file,
        `${JSON.stringify({ ...row, after: read.config.steps, floats, bytes, seed: read.config.seed }, null, 2)}\n`,
      )
    }
    const perClass = floats / (layout.classes * sizeOf(layout.image))
    out.write(
      `\n${read.config.name}: ${floats.toLocaleString('en-US')} floats, as many as ${perClass.toFixed(3)} images a class\n` +
        `${crossTable(rows).join('\n')}\n${captionOf(rows[0]!)}\n` +
        `Written to ${join(folder, `evaluation-${settings.protocol}-….json`)}; \`haba show ${folder}\` draws them into the page.\n`,
    )
  } finally {
    await close()
  }
}

/** A run's settings, with what the command line says instead. */
export function evaluateSettings(
  { config }: ReadConfig,
  {
    protocol,
    epochs,
    networks,
  }: { protocol?: string | undefined; epochs?: number | undefined; networks?: number | undefined },
): EvaluateSettings {
  if (protocol === 'ours' && config.evaluate.protocol !== 'ours')
    throw new HabaError(
      '--protocol ours',
      'a set that was distilled without the validation data',
      `one distilled for the protocol "${config.evaluate.protocol}"`,
      'Write "evaluate": { "protocol": "ours" } into the configuration, and distil again.',
    )
  return validate({ file: 'of the command line', path: '' }, evaluateSchema, {
    ...config.evaluate,
    ...(networks !== undefined && { networks }),
    ...(protocol !== undefined && { protocol }),
    ...(epochs !== undefined && { epochs }),
  }) as unknown as EvaluateSettings
}

/** Networks by names with commas between them, or JSON each. */
const namedNetworks = ({ tables }: ReadConfig, texts: readonly string[]): readonly Named[] =>
  texts
    .flatMap((text) => (text.trimStart().startsWith('{') ? [text] : text.split(',')))
    .map((text) => namedInText('--networks', text.trim(), tables.networks as unknown as AnyTable, kinds.networks))

function rowOf(measured: readonly MeasuredNetwork[]) {
  const { network, protocol } = measured[0]!
  const accuracy = summarise(measured.map((one) => one.accuracy))
  const halfInterval = halfInterval95(accuracy.accuracies)
  return { network, protocol, ...accuracy, ...(halfInterval !== undefined && { halfInterval }) }
}

type CrossRow = ReturnType<typeof rowOf>

const crossTable = (rows: readonly CrossRow[]): readonly string[] =>
  alignedLines(
    [
      ['network', 'test accuracy', '95 % interval of the mean', 'seeds'],
      ...rows.map((row) => [
        row.network,
        accuracyText(row),
        row.halfInterval === undefined ? 'from 2 seeds on' : intervalText(row.mean, row.halfInterval),
        `${row.accuracies.length}`,
      ]),
    ],
    [0],
  )

const intervalText = (mean: number, half: number) =>
  [mean - half, mean + half].map((bound) => (100 * Math.min(1, Math.max(0, bound))).toFixed(2)).join(' … ') + ' %'

const captionOf = ({ protocol }: CrossRow) =>
  `${protocolText(protocol)}\nmean ± population std; the interval is Student's t.`
