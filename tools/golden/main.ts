import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { engines } from '@haba/cli'
import { fromSafetensors, HabaError, type Engine } from '@haba/core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { cases } from './cases/index.js'
import type { Comparison } from './golden-case.js'
import { reference } from './reference.js'
import { waveOf } from './wave.js'

/** Largest error relative to the largest magnitude of the stored tensor; second-order gradients have the wider one. */
const TOLERANCE = { 1: 2e-4, 2: 1e-3 } as const

/** Direct on WebAssembly: the plain JavaScript backend takes minutes for HaBa's critic of width 128. */
const usual = 'onnx-cpu,direct-wasm'

interface Manifest {
  readonly wave: { readonly phase: number }
  readonly cases: Readonly<Record<string, { readonly what: string; readonly meta?: unknown }>>
}

/** What must be read of a file: an unread tensor is an unchecked one. */
function reader(name: string, tensors: ReadonlyMap<string, Tensor>) {
  const read = new Set<string>()
  return {
    tensor: (key: string): Tensor => {
      const found = tensors.get(key)
      if (!found) throw new HabaError(`golden ${name}`, `a tensor "${key}"`, 'none', 'Check the file.')
      read.add(key)
      return found
    },
    group: (prefix: string): Readonly<Record<string, Tensor>> =>
      Object.fromEntries(
        [...tensors].flatMap(([key, value]) => {
          if (!key.startsWith(prefix)) return []
          read.add(key)
          return [[key.slice(prefix.length), value]]
        }),
      ),
    unread: (): string[] => [...tensors.keys()].filter((key) => !read.has(key)),
  }
}

/** Error relative to the largest magnitude; NaN and wrong sizes are infinitely wrong. */
function errorOf({ expected, got }: Comparison): number {
  const [a, b] = [expected.dataSync(), got.dataSync()]
  if (a.length !== b.length) return Infinity
  let largest = 0
  let worst = 0
  for (let i = 0; i < a.length; i++) {
    largest = Math.max(largest, Math.abs(a[i]!))
    const error = Math.abs(a[i]! - b[i]!)
    worst = Number.isNaN(error) ? Infinity : Math.max(worst, error)
  }
  return worst === 0 ? 0 : worst / largest
}

async function runCase(
  folder: string,
  manifest: Manifest,
  name: string,
  engine: Engine,
): Promise<{ ok: boolean; line: string }> {
  const make = cases[name]
  if (!make) return { ok: false, line: 'not covered' }
  try {
    const file = join(folder, `${name}.safetensors`)
    const source = reader(name, fromSafetensors(file, await readFile(file)).tensors)
    const { what, meta } = manifest.cases[name]!
    const compared = Object.entries(await make({ engine, what, meta, wave: waveOf(manifest.wave.phase), ...source }))
    if (source.unread().length > 0)
      return { ok: false, line: `never compared: ${source.unread().slice(0, 5).join(', ')}` }
    const errors = compared.map(([key, one]) => ({
      key,
      error: errorOf(one),
      share: errorOf(one) / TOLERANCE[one.order],
    }))
    const worst = errors.reduce((a, b) => (b.share > a.share ? b : a))
    const ok = compared.length > 0 && worst.share <= 1
    return { ok, line: `${compared.length} tensors, worst ${worst.error.toExponential(1)} (${worst.key})` }
  } catch (error) {
    return { ok: false, line: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      only: { type: 'string' },
      covered: { type: 'boolean' },
      engine: { type: 'string', default: usual },
    },
  })
  const [folder = reference] = positionals
  const file = join(folder, 'manifest.json')
  const text = await readFile(file, 'utf8').catch(() => {
    throw new HabaError(
      'golden',
      `the file ${file}`,
      'none',
      'npm run golden -- [DIR] [--only a,b] [--covered] [--engine a,b]',
    )
  })
  const manifest = JSON.parse(text) as Manifest
  const all = Object.keys(manifest.cases)
  const wanted = values.only?.split(',') ?? (values.covered ? all.filter((name) => name in cases) : all)
  const missing = wanted.filter((name) => !all.includes(name))
  if (missing.length > 0)
    throw new HabaError('golden', `cases of ${folder}`, missing.join(', '), `It holds ${all.join(', ')}.`)

  const names = values.engine.split(',')
  const unknown = names.filter((name) => !(name in engines))
  if (unknown.length > 0)
    throw new HabaError(
      'golden --engine',
      Object.keys(engines).join(', '),
      unknown.join(', '),
      '`haba doctor` tells more.',
    )
  let [passed, failed] = [0, 0]
  for (const one of names) {
    const { engine, close } = await engines[one]!.make({}, {})
    for (const name of wanted) {
      const { ok, line } = await runCase(folder, manifest, name, engine)
      if (ok) passed++
      else failed++
      console.log(`${ok ? 'ok  ' : 'FAIL'}  ${name.padEnd(28)} ${engine.name.padEnd(11)} ${line}`)
    }
    await close()
  }
  console.log(`${passed} passed, ${failed} failed`)
  process.exitCode = failed > 0 ? 1 : 0
}

await main().catch((error: unknown) => {
  console.error(HabaError.is(error) ? error.message : error)
  process.exitCode = 1
})
