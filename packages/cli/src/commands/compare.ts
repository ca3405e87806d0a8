import { HabaError } from '@haba/core'
import { expand } from '@haba/distill'
import { comparability, comparisonPage, type ComparedRun } from '@haba/report'
import { basename, resolve } from 'node:path'
import { readConfig } from '../config/read-config.js'
import { progressOn } from '../progress.js'
import { metricsOf, openRun } from '../run/draw-run.js'
import type { About } from '../run/finished-run.js'
import { openEngine } from '../run/parts.js'
import { picturesOf } from '../run/pictures.js'
import { atEqualBytes, equalBytesLines, type MeasuredRun } from '../run/equal-bytes.js'
import { protocolName } from '../run/protocol-text.js'
import { fullDataOf, fullDataText, recoveryOf, tableText, type Row } from '../run/result.js'
import { configOf, writeWhole } from '../run/run-folder.js'
import { usesOf } from '../run/uses.js'
import type { Terminal } from './terminal.js'

export interface CompareOptions {
  readonly out: string
}

/** `haba compare`: finished runs side by side, as a table and as one page; first of all, whether they may be compared. */
export async function compareCommand(
  folders: readonly string[],
  { out: file }: CompareOptions,
  { out, err }: Terminal,
): Promise<void> {
  if (folders.length < 2)
    throw new HabaError('haba compare', 'at least two run folders', `${folders.length}`, 'Name another run.')
  const names = namesOf(folders)
  const compared: ComparedRun[] = []
  const rows: Row[] = []
  const measured: MeasuredRun[] = []
  for (const [i, folder] of folders.entries()) {
    const { run, row, rows: own, settings } = await readRun(folder, names[i]!, progressOn(err).say)
    compared.push(run)
    rows.push(row)
    measured.push({ name: run.name, settings, rows: own })
  }
  const first = comparability(compared)
  const equalBytes = atEqualBytes(measured)
  await writeWhole(file, comparisonPage({ title: names.join(' and '), runs: compared, equalBytes }))
  const recovery = ({ name }: Row) =>
    recoveryOf(
      measured.find((run) => run.name === name)!.rows,
      rows.find((row) => row.name === name)!,
    )
  const table = tableText({ caption: '', rows }, recovery)
  const shares = measured.flatMap(({ name, rows: own }) => {
    const full = fullDataOf(own)
    return full ? [`Full data, for ${name}: ${fullDataText(full)}`] : []
  })
  const lines = [first, '', table, ...shares, '', ...equalBytesLines(equalBytes), '', `page  ${file}`]
  out.write(`${lines.join('\n')}\n`)
}

/** The last parts of the folders' paths, or the whole paths where those are alike. */
function namesOf(folders: readonly string[]): readonly string[] {
  const names = folders.map((folder) => basename(resolve(folder)))
  return new Set(names).size === names.length ? names : folders
}

async function readRun(
  folder: string,
  name: string,
  say: (line: string) => void,
): Promise<{ run: ComparedRun; row: Row; rows: readonly Row[]; settings: string }> {
  const read = await readConfig(configOf(folder))
  const opened = await openEngine(read, say)
  try {
    const { manifest, about, result, parameterization, params, preprocessing } = await openRun(
      folder,
      read,
      opened.engine,
    )
    const set = await expand(opened.engine, parameterization, params)
    const { gallery } = await picturesOf({ set, params, preprocessing, classNames: about.data.classNames })
    const own = result.rows.find(({ id }) => id === 'set')!
    const full = fullDataOf(result.rows)
    const { protocol } = about
    return {
      run: {
        name,
        summary: `${about.data.name}, ${String(about.decoder.name)}, ${read.config.objective.use}, ${about.steps} steps`,
        protocol: `${protocolName(protocol)}, ${String(protocol.epochs)} epochs on ${about.network}`,
        mean: own.mean,
        std: own.std,
        networks: own.accuracies.length,
        ...(full && { fullData: full }),
        storage: manifest.storage,
        metrics: await metricsOf(folder),
        gallery,
        uses: await usesOf(folder, name, read.config.steps),
      },
      row: { ...own, name },
      rows: result.rows,
      settings: settingsOf(about),
    }
  } finally {
    await opened.close()
  }
}

/** What runs of one method have in common, whatever they store. */
const settingsOf = ({ data, decoder, objective, games, network, protocol, steps }: About): string =>
  JSON.stringify([data.name, decoder.name, objective, games, network, protocol.hash, steps])
