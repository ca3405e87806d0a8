import { checkedJson, HabaError, sizeOf } from '@haba/core'
import { writeWhole } from '@haba/core/files'
import { halfInterval95, shareOut, summarize } from '@haba/eval'
import { namedNetworks } from '../config/named.js'
import { evaluateSettings } from '../config/overridden.js'
import { listenForInterruption } from '../interruption.js'
import { selectionNames } from '../plugins/selections.js'
import { progressOn, type Terminal } from '../tell/progress.js'
import { readManifest } from '../folder/draw-run.js'
import { distilledParts, measuredOf, measuredParts } from '../folder/made-of.js'
import { besideRun, isPacked } from '../folder/packed.js'
import type { MeasuredNetwork, MeasuringJob } from '../measure/measuring.js'
import { crossCaption, crossTable } from '../tell/cross-table.js'
import { chooseBaselines, usualBaselines, type BaselineName, type Contender } from '../measure/baselines.js'
import { readRun } from '../folder/read-run.js'
import { openWorkerPool } from '../measure/worker-pool.js'

export interface EvaluateOptions {
  readonly networks?: readonly string[]
  readonly seeds?: number
  readonly workers?: number
  readonly protocol?: string
  readonly epochs?: number
  /** Real images to compare with. @default the usual ones, if at least one image per class fits */
  readonly baselines?: readonly string[]
  readonly data?: string
  readonly engine?: string
  readonly allowPlugin?: readonly string[]
}

/**
 * `haba evaluate`: tests a finished set under another protocol or with other networks, beside real images of as many bytes.
 */
export async function evaluateCommand(
  folder: string,
  { networks, seeds, workers, protocol, epochs, baselines, ...elsewhere }: EvaluateOptions,
  { out, err }: Terminal,
  signal?: AbortSignal,
): Promise<void> {
  const progress = progressOn(err)
  const read = await readRun(folder, { ...elsewhere, say: progress.say })
  const settings = evaluateSettings(read, { protocol, epochs, networks: seeds })
  const { storage, layout } = await readManifest(folder)
  const { floats, bytes } = storage
  // Images as uint8.
  const perClass = (bytes - layout.classes) / (layout.classes * sizeOf(layout.image))
  const names = baselineNames(baselines) ?? (perClass < 1 ? [] : usualBaselines)
  const kindsOf = networks === undefined ? [read.config.network] : namedNetworks(read, networks)
  const heard = signal ?? listenForInterruption(progress.say)
  const real = await chooseBaselines({
    folder,
    read,
    names,
    asked: baselines !== undefined,
    networks: settings.networks,
    progress,
    signal: heard,
  })
  const contenders: readonly Contender[] = [
    { id: 'set', name: read.config.name, floats, bytes, on: () => 'set' },
    ...real.contenders,
  ]
  const jobs: MeasuringJob[] = kindsOf.flatMap((network) =>
    contenders.flatMap(({ on }) =>
      Array.from({ length: settings.networks }, (_, seed) => ({ on: on(seed), network, seed })),
    ),
  )
  const pool = await openWorkerPool({
    read,
    measuring: { folder, settings, real: real.contenders.length > 0, ...elsewhere },
    jobs: jobs.length,
    ...(workers !== undefined && { workers }),
    progress,
    signal: heard,
  })
  try {
    const contender = (job: MeasuringJob) =>
      contenders[Math.floor(jobs.indexOf(job) / settings.networks) % contenders.length]!
    const reported = (job: MeasuringJob, { network, accuracy }: MeasuredNetwork, done: number) =>
      progress.say(`${done}/${jobs.length}  ${network}, ${contender(job).name}: ${(100 * accuracy).toFixed(2)} %`)
    const measured = await shareOut(jobs, pool.workers, reported)
    const rows = Array.from({ length: jobs.length / settings.networks }, (_, i) => {
      const { on: _on, ...about } = contenders[i % contenders.length]!
      return { ...about, ...accuracyOf(measured.slice(i * settings.networks, (i + 1) * settings.networks)) }
    })
    for (const { id, name: _name, ...row } of rows) {
      if (id !== 'set') continue
      const file = besideRun(folder, `evaluation-${settings.protocol}-${row.network}.json`)
      const others = rows.filter((one) => one.id !== 'set' && one.network === row.network)
      const { steps: after, seed } = read.config
      const identity = measuredOf(read.run, row.protocol, others.length > 0 ? distilledParts : measuredParts)
      await writeWhole(
        file,
        `${checkedJson({ ...row, after, seed, identity, ...(others.length > 0 && { baselines: others }) }, 2)}\n`,
      )
    }
    const chosen = 'Networks on real images use the learning rate that was chosen for the set.'
    const realCaption = real.caption ? [real.caption, ...(settings.protocol === 'ours' ? [chosen] : [])] : []
    out.write(
      `\n${read.config.name}: ${bytes.toLocaleString('en-US')} bytes, as many as ${perClass.toFixed(3)} uint8 images per class; ${floats.toLocaleString('en-US')} values\n` +
        `${crossTable(rows).join('\n')}\n${[...crossCaption(rows), ...realCaption].join('\n')}\n` +
        `Written to ${besideRun(folder, `evaluation-${settings.protocol}-….json`)}${isPacked(folder) ? '' : `; \`haba show ${folder}\` draws them into the page`}.\n`,
    )
  } finally {
    await pool.close()
  }
}

/** Baselines by comma-separated names; "none" means none. */
const baselineNames = (texts: readonly string[] | undefined): readonly BaselineName[] | undefined =>
  texts
    ?.flatMap((text) => text.split(','))
    .map((text) => text.trim())
    .filter((name) => name !== 'none')
    .map((name) => {
      const known = ['random', ...selectionNames] as const
      const found = known.find((one) => one.toLowerCase() === name.replaceAll('-', '').toLowerCase())
      if (!found) throw new HabaError('--baselines', `some of ${known.join(', ')}, or none`, name, '')
      return found
    })

function accuracyOf(measured: readonly MeasuredNetwork[]) {
  const { network, protocol } = measured[0]!
  const accuracy = summarize(measured.map((one) => one.accuracy))
  const halfInterval = halfInterval95(accuracy.accuracies)
  return { network, protocol, ...accuracy, ...(halfInterval !== undefined && { halfInterval }) }
}
