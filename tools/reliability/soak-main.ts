/** `npm run soak`: thousands of steps of each objective, each in a process of its own; memory, tensors and programs must not grow. */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { record } from './record.js'
import { soak, type SoakResult } from './soak.js'
import { soaked } from './soaked.js'

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '2000' },
    leak: { type: 'string', default: '0' },
    objective: { type: 'string', multiple: true },
    // Of the processes that this program starts.
    alone: { type: 'string' },
  },
})
const steps = Number(values.steps)
/** How many times as many steps are taken where something seems to grow. */
const LONGER = 4
if (values.alone !== undefined) console.log(JSON.stringify(await soak(values.alone, steps, Number(values.leak))))
else {
  const flags = ['--expose-gc', '--conditions=@haba/source', '--import', import.meta.resolve('tsx')]
  const alone = (name: string, count: number): SoakResult => {
    const text = execFileSync(
      process.execPath,
      [...flags, fileURLToPath(import.meta.url), '--alone', name, '--steps', String(count), '--leak', values.leak],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
    )
    const result = JSON.parse(text.trim().split('\n').at(-1)!) as SoakResult
    const { megabytes, slope, slopeError, tensors, sessions, compilations, grew } = result
    console.log(
      `${name}: ${count} steps, ${megabytes} MB, ${slope} ± ${slopeError} bytes a step, ${tensors[1]} tensors, ${sessions[1]} sessions, ` +
        `${compilations[1]} compilations; ${grew.length === 0 ? 'nothing grew' : `grew: ${grew.join(', ')}`}`,
    )
    return result
  }
  const results = (values.objective ?? soaked.map(({ name }) => name)).map((name) => {
    const result = alone(name, steps)
    // Memory that an allocator keeps once looks like growth over a few steps; a leak grows over many, too.
    return result.grew.length > 0 ? alone(name, LONGER * steps) : result
  })
  // A part of it is not the record of the whole.
  if (!values.objective && steps >= 2000 && values.leak === '0') await record('soak', results)
  process.exitCode = results.some(({ grew }) => grew.length > 0) ? 1 : 0
}
