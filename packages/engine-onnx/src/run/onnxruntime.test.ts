import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { onnxruntime, quietEnvironment } from './onnxruntime.js'

const name = 'ORT_DISABLE_TELEMETRY'

describe('onnxruntime', () => {
  let before: string | undefined
  beforeEach(() => {
    before = process.env[name]
    delete process.env[name]
  })
  afterEach(() => {
    if (before === undefined) delete process.env[name]
    else process.env[name] = before
  })

  it('is loaded after its telemetry is switched off', () => {
    expect(onnxruntime().InferenceSession.create).toBeTypeOf('function')
    expect(process.env[name]).toBe('1')
  })

  it('leaves what the user has set', () => {
    process.env[name] = '0'
    expect(quietEnvironment()).toEqual({ [name]: '0' })
    process.env[name] = ''
    expect(quietEnvironment()).toEqual({ [name]: '1' })
  })

  it.each([
    [{}, `onnxEngine: expected ${name} in the environment of a worker thread, got none`],
    [{ [name]: '1' }, 'loaded'],
  ])('in a worker thread that starts with %j', (env, said) => {
    const inside = `
      const { tsImport } = require(${JSON.stringify(createRequire(import.meta.url).resolve('tsx/esm/api'))})
      tsImport(${JSON.stringify(new URL('./onnxruntime.ts', import.meta.url).href)}, ${JSON.stringify(import.meta.url)})
        .then(({ onnxruntime }) => (onnxruntime(), 'loaded'))
        .catch((error) => error.message)
        .then(console.log)`
    const program = `
      const { Worker } = require('node:worker_threads')
      new Worker(${JSON.stringify(inside)}, { eval: true, env: ${JSON.stringify(env)} })`
    const text = execFileSync(process.execPath, ['--conditions=@haba/source', '-e', program], { encoding: 'utf8' })
    expect(text).toContain(said)
  })
})
