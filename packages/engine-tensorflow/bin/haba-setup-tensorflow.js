#!/usr/bin/env node
// Runs what was built. In the repository it runs the sources through tsx, built or not: they are never stale.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))

if (!existsSync(here('../tsup.config.ts'))) await import('../dist/setup/main.js')
else {
  const tsx = createRequire(import.meta.url).resolve('tsx/cli')
  const args = ['--conditions=@haba/source', here('../src/setup/main.ts'), ...process.argv.slice(2)]
  const child = spawn(process.execPath, [tsx, ...args], { stdio: 'inherit' })
  // Ctrl-C reaches the child by itself; this process waits for it to end in order.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  child.on('exit', (code, signal) => (process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1)))
}
