/** Tables of committed figures, each between two comments of a document; `npm run documents` writes them. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { root } from '../tools/packages.js'
import { markdownText } from './formatted.js'
import { mapCharts, mapFile, mapText, readmePart } from './map/document.js'
import { ablationsTable, mainJobTable, methodsTable } from './methods-table.js'
import { ratesTable } from './rates-table.js'
import { limitsTable, resultsTable } from './results-table.js'

export interface DocumentTable {
  /** The document, from the root. */
  readonly file: string
  /** What the comments call it. */
  readonly of: string
  readonly table: () => string | Promise<string>
}

export const documentTables: readonly DocumentTable[] = [
  { file: 'docs/methods.md', of: 'runs', table: methodsTable },
  { file: 'docs/methods.md', of: 'ablations', table: ablationsTable },
  { file: 'docs/methods.md', of: 'rates', table: ratesTable },
  { file: 'README.md', of: 'main job', table: mainJobTable },
  { file: 'README.md', of: 'benchmark', table: resultsTable },
  { file: 'README.md', of: 'map', table: () => readmePart() },
  { file: 'README.zh-CN.md', of: 'main job', table: mainJobTable },
  { file: 'README.zh-CN.md', of: 'benchmark', table: resultsTable },
  { file: 'docs/benchmark.md', of: 'limits', table: limitsTable },
]

/** What stands between the comments of a table, and the comments. */
export const placeOf = ({ of }: DocumentTable): RegExp =>
  new RegExp(`(<!-- ${of} -->\n)([^]*?)(\n<!-- end of ${of} -->)`)

/** Writes every table anew, and the map. */
export async function writeDocuments(): Promise<void> {
  for (const one of documentTables.filter(({ of }) => of !== 'map')) await writeTable(one)
  await writeMap()
}

/** Writes the map, its charts and its part of the README. */
export async function writeMap(): Promise<void> {
  await writeFile(mapFile, await mapText())
  for (const [file, picture] of await mapCharts()) await writeFile(file, picture)
  for (const one of documentTables.filter(({ of }) => of === 'map')) await writeTable(one)
}

async function writeTable(one: DocumentTable): Promise<void> {
  const path = join(root, one.file)
  const before = await readFile(path, 'utf8')
  const table = await one.table()
  const text = before.replace(placeOf(one), (_, start: string, __, end: string) => `${start}\n${table}\n${end}`)
  const after = await markdownText(text)
  if (after !== before) await writeFile(path, after)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeDocuments()
