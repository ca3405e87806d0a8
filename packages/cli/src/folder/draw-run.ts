import { HabaError, type AnyParameterization, type Engine, type Preprocessing, type Tree } from '@haba/core'
import { readWhole, writeWhole } from '@haba/core/files'
import { expand } from '@haba/distill'
import type { SetManifest } from '@haba/distill/files'
import { eventFile, pictureGrid, readMetrics, runPage, type Accuracy, type Metrics } from '@haba/report'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../config/config.js'
import type { ReadConfig } from '../config/read-config.js'
import { configText } from '../config/write-config.js'
import { checks } from './file-schemas.js'
import { aboutOf, imageContextOf, readRunSet, type About } from './finished-run.js'
import { measuredParts } from './made-of.js'
import { makeSet } from '../assemble/make-set.js'
import { openParts } from '../assemble/parts.js'
import { picturesOf } from './pictures.js'
import { besideRun, folderOf, isPacked, readResult, readRunJson } from './packed.js'
import { restorePreprocessing } from './preprocessing-file.js'
import { sayOutside } from './read-run.js'
import type { Result } from './result.js'
import { FILES } from './run-folder.js'
import { eventPictures, snapshotsOf } from './snapshots.js'
import { usesOf } from './uses.js'

/** A finished run with everything needed to show its set. */
export interface OpenRun {
  readonly manifest: SetManifest
  readonly about: About
  readonly result: Result
  readonly parameterization: AnyParameterization
  readonly params: Tree
  readonly preprocessing: Preprocessing
}

/**
 * Reads a finished run from its files. It reads data only if the preprocessing needs them.
 *
 * @param known the preprocessing, if the data were read already
 */
export async function openRun(
  folder: string,
  read: ReadConfig,
  engine: Engine,
  known?: Preprocessing,
): Promise<OpenRun> {
  const manifest = await readManifest(folder)
  const result = await readResult(folder)
  if (!result?.rows.some(({ id }) => id === 'set'))
    throw new HabaError(
      `run ${folder}`,
      'a measured set',
      `none in ${FILES.result}`,
      `Finish the run with \`haba distill --resume ${folder}\`.`,
    )
  const about = aboutOf(manifest)
  const parameterization = await makeSet(read, imageContextOf(manifest))
  const { params } = await readRunSet(folder, parameterization)
  const preprocessing =
    known ??
    (await restorePreprocessing(folder, about.preprocessing)) ??
    (await preprocessingOfData(folder, read, engine))
  return { manifest, about, result, parameterization, params, preprocessing }
}

/** The preprocessing of a plugin's data, which only the data can tell. */
async function preprocessingOfData(folder: string, read: ReadConfig, engine: Engine): Promise<Preprocessing> {
  sayOutside(read, folderOf(folder), (text) => process.emitWarning(text, 'HabaWarning'))
  return (await openParts(read, engine, () => {}, measuredParts)).data.preprocessing
}

/** The metrics of each step; empty without a metrics file. */
export async function metricsOf(folder: string): Promise<readonly Metrics[]> {
  const file = join(folder, FILES.metrics)
  return existsSync(file) ? readMetrics((await readWhole(file)).toString('utf8'), `metrics ${file}`) : []
}

/** Draws a finished run from its files: grid, page and TensorBoard's event file. */
export async function drawRun(
  folder: string,
  read: ReadConfig,
  engine: Engine,
  known?: Preprocessing,
): Promise<Result> {
  const opened = await openRun(folder, read, engine, known)
  const { manifest, about, result, parameterization, params, preprocessing } = opened
  const { classNames } = about.data
  const set = await expand(engine, parameterization, params)
  const { rows, gallery } = await picturesOf({ set, params, preprocessing, classNames })
  await writeWhole(besideRun(folder, FILES.grid), await pictureGrid({ rows }))

  const snapshots = await snapshotsOf({
    run: folder,
    last: about.steps,
    engine,
    parameterization,
    params,
    preprocessing,
    classNames,
  })
  const metrics = await metricsOf(folder)
  // Metrics stay in the folder.
  if (!isPacked(folder))
    await writeWhole(join(folder, FILES.events), eventFile({ metrics, pictures: eventPictures(snapshots) }))
  const page = runPage({
    title: about.name,
    summary: summaryOf(about, manifest, result),
    key: about.key,
    accuracies: result.rows.map((row): Accuracy => ({
      ...row,
      ...(row.id === 'set' && { role: 'set' }),
      runs: row.accuracies.length,
    })),
    storage: manifest.storage,
    gallery,
    metrics,
    snapshots,
    uses: await usesOf(
      folder,
      result.rows.find(({ id }) => id === 'set')!.name,
      read.config.steps,
      about.identity?.parts,
    ),
    settings: settingsOf(about, folder, read),
    versions: about.versions,
  })
  await writeWhole(besideRun(folder, FILES.page), page)
  return result
}

/** Reads `set.json`. */
export async function readManifest(folder: string): Promise<SetManifest> {
  const found = await readRunJson<SetManifest>(folder, 'set.json', { kind: 'set', check: checks.manifest })
  if (found) return found
  throw new HabaError(
    `run ${folder}`,
    'a finished set',
    'none',
    `Finish the run with \`haba distill --resume ${folder}\`.`,
  )
}

function summaryOf({ data, decoder, steps }: About, { layout, storage }: SetManifest, { caption }: Result): string {
  const images = layout.slots * layout.views
  return (
    `${data.name} distilled into ${storage.bytes.toLocaleString('en-US')} bytes (${String(decoder.name)}), ` +
    `for ${images} images: ${layout.slots} stored items with ${layout.views} views each. ` +
    [`${steps.toLocaleString('en-US')} steps.`, caption, ...(data.warnings ?? [])].join(' ')
  )
}

const record = (value: unknown) => value as Readonly<Record<string, unknown>>

/** The settings for the page, with paths relative to the run folder, because pages are shared. */
function settingsOf(
  { protocol, preprocessing, data, learned }: About,
  folder: string,
  read: ReadConfig,
): Record<string, Readonly<Record<string, unknown>>> {
  const config = JSON.parse(configText(read.config, read.tables, folderOf(folder))) as Config
  const { network, augmentation, set, objective, games, optimizer, objectiveOptimizer, clipNorm, differentiation } =
    config
  return {
    protocol,
    data: { name: data.name, preprocessing },
    network: record(network),
    set: record(set),
    objective: { ...objective, augmentation, differentiation },
    ...(games.length > 0 && { games: Object.fromEntries(games.map((game, i) => [`${i}`, game])) }),
    optimizer: { ...optimizer, ...objectiveOptimizer, ...(clipNorm !== undefined && { clipNorm }) },
    ...(Object.keys(learned).length > 0 && { learned }),
    run: { seed: config.seed, steps: config.steps },
  }
}
