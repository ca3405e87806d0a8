/** Our side of a row, in a process of its own: warms up, then answers every line it is sent with one timed round. */
import { createInterface } from 'node:readline'
import { onnxEngine } from '@haba/engine-onnx'
import { onnxruntimeVersion } from './machine.js'
import type { OurReady, OurRound } from './measure.js'
import type { MakeRow } from './rows/problem.js'
import type { Family, Row } from './table.js'

/** Loaded one by one, so that a row's memory is that of its own packages. */
const families: Readonly<Record<Family, () => Promise<MakeRow>>> = {
  sgd: async () => (await import('./rows/sgd.js')).sgdRow,
  student: async () => (await import('./rows/student.js')).studentRow,
  trajectory: async () => (await import('./rows/trajectory.js')).trajectoryRow,
  haba: async () => (await import('./rows/haba.js')).habaRow,
  matching: async () => (await import('./rows/matching.js')).matchingRow,
  evaluate: async () => (await import('./rows/evaluate.js')).evaluateRow,
}

interface Task {
  readonly row: Row
  readonly threads: number
  readonly folder: string
  readonly profile?: string
}

const { row, threads, folder, profile } = JSON.parse(process.argv[2] ?? '') as Task
const engine = onnxEngine({ threads, ...(profile !== undefined && { profile }) })
const counted = () => ({
  run: Object.values(engine.stats.functions).reduce((sum, { runMilliseconds }) => sum + runMilliseconds, 0),
  compile: engine.stats.compileMilliseconds,
  at: performance.now(),
})
const say = (answer: object) => process.stdout.write(`${JSON.stringify(answer)}\n`)

async function timed(): Promise<OurRound> {
  let from = counted()
  const loss = await running.round(() => (from = counted()))
  const to = counted()
  return {
    milliseconds: to.at - from.at,
    runMilliseconds: to.run - from.run,
    compileMilliseconds: to.compile - from.compile,
    loss,
  }
}

const make = await families[row.family]()
const running = await make(row, { engine, folder })
const check = await running.check()
for (let i = 0; i < row.warmUp; i++) await running.round(() => {})
const { compileMilliseconds, sessions, functions } = engine.stats
const ready: OurReady = {
  versions: { node: process.version, onnxruntime: onnxruntimeVersion() },
  check,
  engine: engine.name,
  differentiation: running.differentiation ?? 'no recurrence',
  compileMilliseconds,
  sessions,
  operators: Object.values(functions).reduce((sum, { operators }) => sum + operators, 0),
}
say(ready)
for await (const _ of createInterface({ input: process.stdin })) say(await timed())
await engine.close()
