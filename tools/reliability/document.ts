/** `npm run reliability`: docs/reliability.md, of the last full runs that are committed. */
import { existsSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { markdownText } from '../../bench/formatted.js'
import { markdownTable } from '../../bench/markdown-table.js'
import type { FuzzResult } from '../fuzz/fuzz.js'
import { readers } from '../fuzz/readers/index.js'
import { root } from '../packages.js'
import type { JobResult } from './chaos.js'
import type { FaultResult } from './faults-main.js'
import type { IdenticalResult } from './identical-main.js'
import { recordsFolder, type Recorded } from './record.js'
import type { SoakResult } from './soak.js'

export const documentFile = join(root, 'docs/reliability.md')

/** A record; undefined where its command has not run to its end yet. */
function recorded<T>(name: string): Recorded<T> | undefined {
  const file = join(recordsFolder, `${name}.json`)
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Recorded<T>) : undefined
}

const where = (record: Recorded<unknown> | undefined) =>
  record
    ? `${record.date}, Node.js ${record.node}, ${record.platform}, ${record.cores} cores`
    : 'Its full run has not been made yet'
const number = (value: number) => value.toLocaleString('en-US')
const sum = <T>(all: readonly T[], of: (one: T) => number) => all.reduce((total, one) => total + of(one), 0)

function chaosPart(): { readonly text: string; readonly tried: number; readonly lost: number } {
  const record = recorded<JobResult>('chaos')
  const results = record?.results ?? []
  const kills = sum(results, ({ random, renames }) => random.kills + renames.kills)
  const lost = sum(results, (one) => one.lost.length)
  const table = markdownTable(
    ['command', 'files', 'kills at random moments', 'kills at renames', 'temporary files left', 'lost'],
    results.map(({ command, files, random, renames, left, lost }) => [
      `\`${command}\``,
      `${files}`,
      `${random.kills} in ${random.runs} runs`,
      `${renames.kills}`,
      `${left}`,
      lost.length === 0 ? '0' : lost.join('; '),
    ]),
  )
  const text = `## Killed processes

\`npm run chaos -- --kills 100\` starts each command in a process of its own, kills it like \`kill -9\`, repeats the command until it finishes,
and compares every file with those of an undisturbed run, byte by byte. It kills at random moments, and immediately before and
after each rename of a file. A worker process that outlives the command also counts as lost. Temporary files that a kill leaves beside
the run, or of its lock, are removed by the next process that writes there after an hour.

${table}

${where(record)}.`
  return { text, tried: kills, lost }
}

function soakPart() {
  const record = recorded<SoakResult>('soak')
  const results = record?.results ?? []
  const table = markdownTable(
    [
      'objective',
      'steps',
      'memory',
      'bytes a step',
      'heap, bytes a step',
      'tensors',
      'sessions',
      'compilations',
      'grew',
    ],
    results.map((one) => [
      one.name,
      number(one.steps),
      `${one.megabytes} MB`,
      `${number(one.slope)} ± ${number(one.slopeError)}`,
      `${number(one.heapSlope)} ± ${number(one.heapSlopeError)}`,
      one.tensors.join(' → '),
      one.sessions.join(' → '),
      one.compilations.join(' → '),
      one.grew.length === 0 ? 'nothing' : one.grew.join('; '),
    ]),
  )
  const text = `## Long runs

\`npm run soak\` distills made-up images with each objective and measures growth over the last half of the steps. It measures the memory of the
process and the heap after garbage collection (a least-squares slope ± its standard error; a slope counts as growth above 512 bytes a
step and three standard errors; a negative slope means memory returned to the system), live tensors (the maximum in the second and in the
last quarter), ONNX sessions and compiled programs (after half of the steps and at the end). An objective that
seems to grow is measured again over four times as many steps: what an allocator keeps once is not a leak. \`--leak 1000\` leaks a
thousand bytes a step on purpose, to show that the test finds them.

${table}

${where(record)}.`
  return { text, tried: results.length, lost: results.filter(({ grew }) => grew.length > 0).length }
}

function faultsPart() {
  const record = recorded<FaultResult>('faults')
  const results = record?.results ?? []
  const kinds = [...new Set(results.map(({ kind }) => kind))]
  const tried = results.filter(({ got }) => got !== 'not tried here')
  const bad = results.filter(({ got }) => typeof got === 'object')
  const got = ({ got }: FaultResult) => (typeof got === 'string' ? got : `failed: ${got.failed}`)
  const counts = markdownTable(
    ['kind', 'faults', 'as expected'],
    kinds.map((kind) => {
      const own = results.filter((one) => one.kind === kind)
      return [kind, `${own.length}`, `${own.filter((one) => one.got === 'as expected').length}`]
    }),
  )
  const cell = (text: string) => text.replaceAll('|', '\\\\|').replaceAll('<', '&lt;').replaceAll('\\n', ' ')
  const lists = kinds.map((kind) => {
    const own = results.filter((one) => one.kind === kind)
    return `### ${kind}\n\n${markdownTable(
      ['tried, and expected', 'got'],
      own.map((one) => [cell(one.fault), cell(got(one))]),
    )}`
  })
  return {
    summary: `## Faults made on purpose

\`npm run faults\` runs the tests that break something, and records each. They are a part of \`npm test\`, too.

${counts}

${where(record)}.`,
    text: `## Every fault\n\n${lists.join('\n\n')}`,
    tried: tried.length,
    lost: bad.length,
  }
}

function fuzzPart() {
  const file = join(root, 'tools/fuzz/results.json')
  const results = JSON.parse(readFileSync(file, 'utf8')) as readonly (Omit<FuzzResult, 'failures'> & {
    readonly node: string
    readonly date: string
  })[]
  const table = markdownTable(
    [
      'reader',
      'cases',
      'read',
      'refused by name',
      'other errors',
      'file not named',
      'memory',
      'hangs',
      'crashes',
      'run',
    ],
    results.map(({ reader, cases, read, refused, foreign, unnamed, memory, hangs, crashes, node, date }) => [
      reader,
      ...[cases, read, refused, foreign, unnamed, memory, hangs, crashes].map(number),
      `${date}, ${node}`,
    ]),
  )
  const survived = sum(results, ({ read, refused }) => read + refused)
  const tried = sum(results, ({ cases }) => cases)
  const missing = readers.map(({ name }) => name).filter((name) => !results.some(({ reader }) => reader === name))
  const text = `## Damaged files

\`npm run fuzz -- --out tools/fuzz/results.json\` damages real files at random (flipped bits, bytes and chunks that are overwritten, cut, doubled or
swapped; in JSON, values of other types and sizes), and gives them to their reader. A reader may read the damaged file, or
stop with an error of haba's that names the file. Anything else is a fault, and so is memory beyond a multiple of the file's size.

${table}

${missing.length === 0 ? 'These are all readers.' : `Not run in full yet: ${missing.join(', ')}.`}`
  return { text, tried, lost: tried - survived }
}

function identicalPart(): string {
  const record = recorded<IdenticalResult>('identical')
  const jobs = [...new Set((record?.results ?? []).map(({ job }) => job))]
  const rows = jobs.map((job) => {
    const own = record!.results.filter((one) => one.job === job)
    const files = Object.keys(own[0]!.hashes)
    const other = files.filter((file) => new Set(own.map(({ hashes }) => hashes[file])).size > 1)
    return [
      job,
      [...new Set(own.map(({ node }) => node))].join(', '),
      [...new Set(own.map(({ threads }) => threads))].join(', '),
      files.map((file) => `\`${file}\``).join(', '),
      other.length === 0 ? 'identical' : `other bytes in ${other.join(', ')}`,
    ]
  })
  return `## The same bytes elsewhere

\`npm run identical\` distills with several versions of Node.js, and with one and two threads. These are measurements, not a guarantee: another
processor or another version of onnxruntime may round differently.

${markdownTable(['job', 'Node.js', 'threads', 'compared', 'result'], rows)}

${where(record)}.`
}

const notTried = `## Not tried

- Loss of power. A killed process loses nothing that it has passed to the system; a machine that loses power may. Files and their folders are flushed
  before and after they get their names (\`writeWhole\`), which no test here can show.
- Windows and macOS, and file systems over a network.
- The engine of TensorFlow, WebGPU and graphics processors.
- Somebody who changes a file and its checksum on purpose.`

/** The whole document. */
export async function documentText(): Promise<string> {
  const [chaos, soak, fuzz, faults] = [chaosPart(), soakPart(), fuzzPart(), faultsPart()]
  const head = `# Reliability

How runs and sets survive kills, damaged files, long runs and faults made on purpose. \`npm run reliability\` writes this page from the
records of the commands below; short versions of all of them run in CI.

${markdownTable(
  ['', 'tried', 'survived', 'lost'],
  [
    ['kills', number(chaos.tried), number(chaos.tried - chaos.lost), `${chaos.lost}`],
    ['damaged files', number(fuzz.tried), number(fuzz.tried - fuzz.lost), `${fuzz.lost}`],
    ['long runs', number(soak.tried), number(soak.tried - soak.lost), `${soak.lost}`],
    ['faults made on purpose', number(faults.tried), number(faults.tried - faults.lost), `${faults.lost}`],
  ],
)}`
  return markdownText(
    [head, chaos.text, fuzz.text, soak.text, faults.summary, identicalPart(), notTried, faults.text].join('\n\n'),
  )
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeFile(documentFile, await documentText())
