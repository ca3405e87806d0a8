/** `npm run fuzz`: damaged files are tried on every reader; anything but reading them or refusing them by name is a fault. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { fuzz, type FuzzResult } from './fuzz.js'
import { readers } from './readers/index.js'

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '10000' },
    reader: { type: 'string', multiple: true },
    seed: { type: 'string', default: '1' },
    case: { type: 'string' },
    out: { type: 'string' },
    made: { type: 'string' },
  },
})
const all = readers.map(({ name }) => name)
const chosen = values.reader ?? all
const unknown = chosen.find((name) => !all.includes(name))
if (unknown !== undefined) {
  console.error(`--reader ${unknown}: expected one of ${all.join(', ')}`)
  process.exit(1)
}
const [seed, cases] = [Number(values.seed), values.case === undefined ? Number(values.cases) : 1]

const faultsOf = ({ foreign, unnamed, memory, hangs, crashes }: FuzzResult) =>
  foreign + unnamed + memory + hangs + crashes

function tell(result: FuzzResult): void {
  const { reader, read, refused } = result
  console.log(`${reader}: ${result.cases} cases, ${read} read, ${refused} refused, ${faultsOf(result)} faults`)
  for (const failure of result.failures) {
    console.log(`  ${failure.outcome}: ${failure.text.replaceAll('\n', '\n    ')}`)
    console.log(
      `    again, keeping the file here: npm run fuzz -- --reader "${reader}" --seed ${seed} --case ${failure.case}`,
    )
  }
}

/** Puts a result into a file of results, in the place of what is there of the same reader. */
function record(file: string, { failures: _, ...result }: FuzzResult): void {
  const row = { ...result, node: process.version, date: new Date().toISOString().slice(0, 10) }
  const old = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as readonly (typeof row)[]) : []
  const rows = [...old.filter(({ reader }) => reader !== row.reader), row]
  rows.sort((one, other) => all.indexOf(one.reader) - all.indexOf(other.reader))
  writeFileSync(file, `${JSON.stringify(rows, null, 2)}\n`)
}

const results = await fuzz({
  readers: chosen,
  cases,
  seed,
  ...(values.made !== undefined && { made: values.made }),
  ...(values.case !== undefined && { from: Number(values.case), keep: true }),
  onReader(result) {
    tell(result)
    if (values.out !== undefined) record(values.out, result)
  },
})
const faults = results.reduce((sum, result) => sum + faultsOf(result), 0)
console.log(`${results.length} readers, ${results.reduce((sum, one) => sum + one.cases, 0)} cases, ${faults} faults`)
process.exit(faults === 0 ? 0 : 1)
