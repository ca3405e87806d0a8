#!/usr/bin/env node
// Runs what was built. In the repository it runs the sources through tsx, built or not: they are never stale.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))

if (!existsSync(here('../tsup.config.ts'))) await import('../dist/main.js')
else {
  const node = ['--conditions=@haba/source', '--import', import.meta.resolve('tsx')]
  const child = spawn(process.execPath, [...node, here('../src/main.ts'), ...process.argv.slice(2)], {
    // The channel closes when this process ends, even by SIGKILL; main.ts then ends the run in order.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, HABA_LAUNCHED: '1' },
  })
  // A terminal sends Ctrl-C to both; the program counts signals that come together as one.
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => {
    for (const one of signals) process.removeAllListeners(one)
    if (signal === null) process.exitCode = code
    else process.kill(process.pid, signal)
  })
}
