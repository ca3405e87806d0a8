import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startOurs, type OurReady } from './measure.js'
import { percent } from './statistics.js'
import type { Row } from './table.js'

/** A line of onnxruntime's profile: a span of time, most of them of one operator. */
export interface ProfileEvent {
  readonly cat: string
  readonly name: string
  /** Microseconds. */
  readonly dur: number
  readonly args?: {
    readonly op_name?: string
    readonly input_type_shape?: readonly Shaped[]
    readonly output_type_shape?: readonly Shaped[]
  }
}

/** `{ "float": [1, 3, 32, 32] }` */
type Shaped = Readonly<Record<string, readonly number[]>>

/** What operators of one type took together. */
export interface OperatorTime {
  readonly type: string
  readonly calls: number
  readonly milliseconds: number
  /** Multiplications and additions, of convolutions; 0 of others. */
  readonly operations: number
}

const sizeOf = (shape: readonly number[]) => shape.reduce((product, length) => product * length, 1)
const shapeOf = (shaped: Shaped | undefined) => Object.values(shaped ?? {})[0] ?? []

/** Multiplications and additions of a convolution of any rank, from its shapes; 0 of anything else. */
export function convolutionOperations({ args = {} }: ProfileEvent): number {
  const [x, kernel] = [shapeOf(args.input_type_shape?.[0]), shapeOf(args.input_type_shape?.[1])]
  const y = shapeOf(args.output_type_shape?.[0])
  const each = 2 * sizeOf(kernel.slice(1))
  if (/^(Fused)?Conv$/.test(args.op_name ?? '')) return sizeOf(y) * each
  return args.op_name === 'ConvTranspose' ? sizeOf(x) * each : 0
}

/** Time by type of operator, the longest first. */
export function byOperator(events: readonly ProfileEvent[]): readonly OperatorTime[] {
  const types = new Map<string, OperatorTime>()
  for (const event of events) {
    const type = event.args?.op_name
    if (event.cat !== 'Node' || type === undefined || !event.name.endsWith('_kernel_time')) continue
    const { calls, milliseconds, operations } = types.get(type) ?? { calls: 0, milliseconds: 0, operations: 0 }
    types.set(type, {
      type,
      calls: calls + 1,
      milliseconds: milliseconds + event.dur / 1000,
      operations: operations + convolutionOperations(event),
    })
  }
  return [...types.values()].sort((a, b) => b.milliseconds - a.milliseconds)
}

/** One line a type: its share, time, calls, and how fast convolutions ran. */
export function operatorLines(types: readonly OperatorTime[]): readonly string[] {
  const whole = types.reduce((sum, { milliseconds }) => sum + milliseconds, 0)
  return types.map(({ type, calls, milliseconds, operations }) => {
    const rate = operations > 0 ? `, ${(operations / milliseconds / 1e6).toFixed(0)} GFLOP/s` : ''
    return `  ${percent(milliseconds / whole).padStart(7)}  ${type.padEnd(24)} ${milliseconds.toFixed(0)} ms in ${calls} calls${rate}`
  })
}

/** Runs a row of ours under onnxruntime's profiler: warm-up and one round, all sessions together. */
export async function profileLines(row: Row, threads: number): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'haba-profile-'))
  try {
    const ours = startOurs(row, threads, folder, join(folder, 'profile'))
    await ours.answer<OurReady>()
    await ours.answer({ ask: 'round' })
    await ours.stop()
    const files = (await readdir(folder)).filter((name) => name.startsWith('profile'))
    const events: ProfileEvent[] = []
    for (const file of files)
      for (const event of JSON.parse(await readFile(join(folder, file), 'utf8')) as ProfileEvent[]) events.push(event)
    return [`${row.name}: ${row.work}`, ...operatorLines(byOperator(events))]
  } finally {
    await rm(folder, { recursive: true })
  }
}
