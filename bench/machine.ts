import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism, cpus, freemem, loadavg, totalmem } from 'node:os'
import { join } from 'node:path'
import { root } from '../tools/packages.js'

/** Where the figures come from. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  /** Threads of either side: physical cores that this process may use. */
  readonly threads: number
  readonly gigabytes: number
  /** Of the last minute, before the first round. */
  readonly load: number
}

/** Describes this machine as it is now. */
export const describeMachine = (): Machine => ({
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  cores: cpus().length,
  threads: Math.min(physicalCores(), availableParallelism()),
  gigabytes: Math.round(totalmem() / 1e9),
  load: loadavg()[0] ?? 0,
})

/** Two threads of one core share its arithmetic: counted once, where the system tells them apart. */
function physicalCores(): number {
  if (!existsSync('/proc/cpuinfo')) return availableParallelism()
  const told = readFileSync('/proc/cpuinfo', 'utf8').split('\n\n')
  const field = (block: string, name: string) => new RegExp(`^${name}\\s*: (.*)$`, 'm').exec(block)?.[1]
  const cores = told.flatMap((block) => {
    const core = field(block, 'core id')
    return core === undefined ? [] : [`${field(block, 'physical id')}/${core}`]
  })
  return new Set(cores).size || availableParallelism()
}

/** Bytes that programs may still take. */
export function availableBytes(): number {
  if (!existsSync('/proc/meminfo')) return freemem()
  const kilobytes = /^MemAvailable:\s*(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]
  return Number(kilobytes) * 1024
}

/** The version of onnxruntime that the engine loads. */
export function onnxruntimeVersion(): string {
  const resolve = createRequire(join(root, 'packages/engine-onnx/package.json'))
  return (resolve('onnxruntime-node/package.json') as { version: string }).version
}

/** A Python that can `import torch`: `$HABA_PYTHON`, or `python3`. */
export function findPython(): { readonly python: string } | { readonly absent: string } {
  const python = process.env['HABA_PYTHON'] ?? 'python3'
  const { status } = spawnSync(python, ['-c', 'import torch'], { stdio: 'ignore' })
  return status === 0
    ? { python }
    : { absent: `${python} cannot import torch (HABA_PYTHON names another; pip install torch gets one)` }
}
