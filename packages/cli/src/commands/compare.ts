import { HabaError } from '@haba/core'
import { removeStalePartials, writeWhole } from '@haba/core/files'
import { expand } from '@haba/distill'
import { comparability, comparisonPage, type ComparedRun } from '@haba/report'
import { basename, resolve } from 'node:path'
import { progressOn, type Terminal } from '../tell/progress.js'
import { metricsOf, openRun } from '../folder/draw-run.js'
import type { About } from '../folder/finished-run.js'
import { checkParts, type MadeOf } from '../folder/made-of.js'
import { openEngine } from '../assemble/parts.js'
import { picturesOf } from '../folder/pictures.js'
import { atEqualBytes, equalBytesLines, type MeasuredRun } from '../tell/equal-bytes.js'
import { protocolName } from '../tell/protocol-text.js'
import type { Row } from '../folder/result.js'
import { fullDataOf, fullDataText, recoveryOf, tableText } from '../tell/tables.js'
import { readRun } from '../folder/read-run.js'
import { usesOf } from '../folder/uses.js'

export interface CompareOptions {
  readonly out: string
  readonly allowPlugin?: readonly string[]
}

/** `haba compare`: finished runs side by side, as a table and a page, after a check that they are comparable. */
export async function compareCommand(
  folders: readonly string[],
  { out: file, allowPlugin = [] }: CompareOptions,
  { out, err }: Terminal,
): Promise<void> {
  if (folders.length < 2)
    throw new HabaError('haba compare', 'at least two run folders', `${folders.length}`, 'Name another run.')
  const names = namesOf(folders)
  const compared: ComparedRun[] = []
  const rows: Row[] = []
  const measured: MeasuredRun[] = []
  const made = new Map<string, Partial<MadeOf>>()
  const { say } = progressOn(err)
  for (const [i, folder] of folders.entries()) {
    const opened = await openCompared(folder, names[i]!, allowPlugin, say)
    const { run, row, rows: own, settings } = opened
    made.set(folder, opened.made)
    compared.push(run)
    rows.push(row)
    measured.push({ name: run.name, settings, rows: own })
  }
  checkSameTest(made)
  const first = comparability(compared)
  const equalBytes = atEqualBytes(measured)
  await removeStalePartials(file)
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

/**
 * Refuses to compare accuracies on different test images or classes.
 *
 * @throws HabaError naming the first run that differs from the first one
 */
function checkSameTest(made: ReadonlyMap<string, Partial<MadeOf>>): void {
  const [[first, expected], ...rest] = [...made] as [[string, Partial<MadeOf>], ...[string, Partial<MadeOf>][]]
  for (const [folder, got] of rest) {
    // Runs of earlier versions record only some parts.
    const parts = (['classes', 'image', 'test'] as const).filter((part) => expected[part] && got[part])
    const ordered = (of: Partial<MadeOf>) => ({ ...of, ...(of.classes && { classes: [...of.classes].sort() }) })
    checkParts(
      `haba compare ${folder}`,
      ordered(expected),
      ordered(got),
      parts,
      `It was measured on other data than ${first}: compare runs of the same data.`,
    )
  }
}

/** The names of the folders, or their whole paths if names repeat. */
function namesOf(folders: readonly string[]): readonly string[] {
  const names = folders.map((folder) => basename(resolve(folder)))
  return new Set(names).size === names.length ? names : folders
}

async function openCompared(
  folder: string,
  name: string,
  allowPlugin: readonly string[],
  say: (line: string) => void,
): Promise<{ run: ComparedRun; row: Row; rows: readonly Row[]; settings: string; made: Partial<MadeOf> }> {
  const read = await readRun(folder, { allowPlugin, say, reads: false })
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
        uses: await usesOf(folder, name, read.config.steps, about.identity?.parts),
      },
      row: { ...own, name },
      rows: result.rows,
      settings: settingsOf(about),
      made: read.run?.made ?? {},
    }
  } finally {
    await opened.close()
  }
}

/** The settings that runs of one method share, whatever their size. */
const settingsOf = ({ data, decoder, objective, games, network, protocol, steps }: About): string =>
  JSON.stringify([data.name, decoder.name, objective, games, network, protocol.hash, steps])
