import { HabaError, mul, sum, tensor, valueAndGrad, type Engine } from '@haba/core'
import type { Tensor1D } from '@tensorflow/tfjs-core'
import { availableParallelism } from 'node:os'
import { defaultEngine, engines } from '../plugins/engines.js'
import type { Terminal } from '../tell/progress.js'

/** The result for one engine. */
interface Finding {
  readonly name: string
  readonly works: boolean
  /** Lines about it. */
  readonly lines: readonly string[]
}

/** The engines, without aliases. */
const listed = Object.keys(engines).filter((name) => name !== 'onnx' && name !== 'direct')

/** `haba doctor`: runs a function on each engine to find which ones work here, why others do not, and what helps. */
export async function doctorCommand({ out }: Terminal): Promise<void> {
  out.write(`node ${process.version} on ${process.platform} ${process.arch}, ${availableParallelism()} cores\n`)
  out.write('Engines, for --engine NAME, or "engine" in a configuration:\n\n')
  const width = Math.max(...listed.map((name) => name.length))
  // One by one, because tfjs has one backend at a time.
  for (const name of listed) {
    const { works, lines } = await examine(name)
    const [first, ...others] = lines
    out.write(`  ${works ? 'works' : '-    '}  ${name.padEnd(width)}  ${first}\n`)
    for (const line of others) out.write(`${' '.repeat(width + 11)}${line}\n`)
  }
  out.write(`\nAn engine that does not work is replaced by ${defaultEngine}, and a run says so.\n`)
}

async function examine(name: string): Promise<Finding> {
  const { summary, make } = engines[name]!
  const about = `${summary}${name === defaultEngine ? ' (the default)' : ''}`
  try {
    const { engine, close } = await make({}, {})
    try {
      await tryOut(engine)
    } finally {
      await close()
    }
    return { name, works: true, lines: [about] }
  } catch (error) {
    if (!HabaError.is(error)) return { name, works: false, lines: [about, String(error)] }
    const { expected, received: got, hint: todo } = error.facts
    return { name, works: false, lines: [about, `Expected ${expected}, got ${got}.`, todo] }
  }
}

/** Σx² and its gradient 2x, compiled: of 1, 2, 3 it is 14 and 2, 4, 6. */
async function tryOut(engine: Engine): Promise<void> {
  const squares = engine.compile('squares', (x: Tensor1D) => valueAndGrad((y: Tensor1D) => sum(mul(y, y)), x))
  const x = tensor([1, 2, 3], [3])
  const { value, grad } = await squares(x)
  const found = [value, grad].flatMap((result) => [...result.dataSync()])
  for (const one of [x, value, grad]) one.dispose()
  if ([14, 2, 4, 6].some((wanted, i) => !(Math.abs(found[i]! - wanted) < 1e-4)))
    throw new HabaError(
      `engine ${engine.name}`,
      '14, 2, 4, 6',
      found.join(', '),
      'Do not use it: its results are wrong.',
    )
}
