import { spawn } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { root } from './packages.js'

/** One command of a longer run. */
export interface Stage {
  readonly title: string
  readonly command: string
  /** The folder whose `node` runs it; that of this process by default. */
  readonly node?: string
  /** Why it is not run, when something it needs is not here. */
  readonly absent?: string
}

interface Outcome {
  readonly passed: number
  readonly failed: number
  readonly text: string
}

const cache = 'node_modules/.cache'

export const format: Stage = {
  title: 'format',
  command: `prettier --check --log-level warn --cache .`,
}
export const lint: Stage = { title: 'lint', command: 'eslint .' }
export const types: Stage = {
  title: 'types',
  command: `tsc --noEmit --incremental --tsBuildInfoFile ${cache}/types.tsbuildinfo`,
}
export const unused: Stage = { title: 'unused code and dependencies', command: 'knip' }

/** Runs one stage after the other, shows the output of the one that fails and stops there; ends with the totals. */
export async function runStages(stages: readonly Stage[]): Promise<void> {
  const began = performance.now()
  const total = { passed: 0, failed: 0 }
  for (const stage of stages) {
    if (total.failed > 0) break
    if (stage.absent !== undefined) {
      console.log(`- ${stage.title}: not run, ${stage.absent}`)
      continue
    }
    const start = performance.now()
    const { passed, failed, text } = await run(stage)
    total.passed += passed
    total.failed += failed
    if (failed > 0) console.log(text)
    console.log(`${failed > 0 ? '✗' : '✓'} ${stage.title}: ${seconds(start)}${passed > 1 ? `, ${passed} passed` : ''}`)
  }
  console.log(`all of it: ${seconds(began)}`)
  console.log(`${total.passed} passed, ${total.failed} failed`)
  process.exitCode = total.failed > 0 ? 1 : 0
}

function run({ command, node }: Stage): Promise<Outcome> {
  const path = [...(node === undefined ? [] : [node]), join(root, 'node_modules/.bin'), process.env['PATH']]
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    const child = spawn(command, {
      cwd: root,
      shell: true,
      env: {
        ...process.env,
        PATH: path.join(delimiter),
        NX_DAEMON: 'false',
        NX_NO_CLOUD: 'true',
        NX_TUI: 'false',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.on('close', (code) => resolve(count(code, Buffer.concat(chunks).toString())))
  })
}

/** Vitest, and those of our tools that end with totals, say how many tests they ran; any other command counts as one. */
function count(code: number | null, text: string): Outcome {
  const lines = text.replaceAll(/\u001B\[[\d;]*m/g, '').split('\n')
  const totals = lines.findLast((line) => /^ *Tests .*(passed|failed)|^\d+ passed, \d+ failed$/.test(line)) ?? ''
  const said = (word: string) => Number(new RegExp(`(\\d+) ${word}`).exec(totals)?.[1] ?? 0)
  return code === 0
    ? { passed: Math.max(1, said('passed')), failed: 0, text }
    : { passed: said('passed'), failed: Math.max(1, said('failed')), text }
}

const seconds = (start: number) => `${((performance.now() - start) / 1000).toFixed(1)} s`
