/** `npm run bench`: our engine beside PyTorch, the same mathematics in turn; `docs/benchmark.md` says how to read it. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { HabaError } from '@haba/core'
import { parseArguments } from './arguments.js'
import { describeMachine, findPython, type Machine } from './machine.js'
import { measure, type Measured } from './measure.js'
import { profileLines } from './profile.js'
import { seed } from './rows/problem.js'
import { closingLine, duration, megabytes, percent } from './statistics.js'
import type { Row } from './table.js'

async function main(): Promise<void> {
  const { rows, rounds, profile, results } = parseArguments(process.argv.slice(2))
  const machine = describeMachine()
  console.log(`${machine.cpu}, ${machine.threads} threads a side, load ${machine.load.toFixed(1)}`)
  if (machine.load > machine.threads / 2) console.log('The machine is busy: do not quote these figures.')
  if (profile) {
    for (const row of rows) for (const line of await profileLines(row, machine.threads)) console.log(line)
    return
  }
  const found = findPython()
  if ('absent' in found) console.log(`PyTorch is skipped: ${found.absent}.`)
  const closing: string[] = []
  for (const row of rows) {
    try {
      const measured = await measure({ row, rounds, threads: machine.threads, ...found })
      await record(results, row, machine, measured)
      for (const line of lines(row, measured)) console.log(line)
      closing.push(closingLine({ ...row, ...measured }))
    } catch (error) {
      if (!HabaError.is(error)) throw error
      closing.push(error.message)
      process.exitCode = 1
    }
    console.log(closing.at(-1))
  }
  if (rows.length > 1) console.log(['', ...closing].join('\n'))
  console.log(`Results are in ${relative(process.cwd(), results)}.`)
}

function lines(row: Row, { ours, peer, differences }: Measured): readonly string[] {
  const compiled = ours.rounds.reduce((sum, round) => sum + round.compileMilliseconds, 0)
  return [
    `\n${row.name}: ${row.work}`,
    `  ours     ${duration(ours.medianMilliseconds)} a ${row.unit}, peak ${megabytes(ours.peakBytes)} (${ours.engine}, ${ours.differentiation})`,
    `           ${percent(ours.outsideShare)} of it outside onnxruntime; compiled in ${duration(ours.compileMilliseconds)}: ${ours.sessions} sessions, ${ours.operators} nodes`,
    ...(compiled > 0 ? [`           ${duration(compiled)} of compiling fell into the rounds`] : []),
    ...(peer
      ? [`  PyTorch  ${duration(peer.medianMilliseconds)} a ${row.unit}, peak ${megabytes(peer.peakBytes)}`]
      : []),
    ...(row.memoryAtMost === undefined ? [] : [`  memory ratio at most ${row.memoryAtMost.toFixed(3)}`]),
    ...Object.entries(differences ?? {}).map(
      ([name, difference]) => `  same ${name} to ${difference.toExponential(0)}`,
    ),
  ]
}

async function record(results: string, row: Row, machine: Machine, measured: Measured): Promise<void> {
  await mkdir(results, { recursive: true })
  const { name, ...settings } = row
  const text = JSON.stringify({ name, ...settings, seed, machine, ...measured }, null, 2)
  await writeFile(join(results, `${name}.json`), `${text}\n`)
}

await main()
