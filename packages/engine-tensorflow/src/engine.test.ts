import { add, gather, HabaError, mul, scalar, tensor, type Tree } from '@haba/core'
import { testEngine } from '@haba/testing'
import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bindingIn } from './binding.js'
import { tensorflowEngine, type TensorflowEngine } from './engine.js'
import { tensorflowStatus } from './status.js'

const scratch = mkdtempSync(join(tmpdir(), 'haba-tensorflow-'))
afterAll(() => rmSync(scratch, { recursive: true }))
/** A folder that holds some file where the binding would be. */
const broken = join(scratch, 'broken')
mkdirSync(dirname(bindingIn(broken)), { recursive: true })
writeFileSync(bindingIn(broken), 'no library')

describe('without TensorFlow', () => {
  it('the engine says where it looked and what to do', async () => {
    const folder = join(scratch, 'empty')
    await expect(tensorflowEngine({ folder })).rejects.toThrow(
      `tensorflowEngine: expected TensorFlow in ${folder}, got none. Run npx haba-setup-tensorflow`,
    )
    await expect(tensorflowEngine({ folder: broken })).rejects.toThrow(/a native binding that loads, .*broken/)
  })

  it('the status says it without throwing', async () => {
    const folder = join(scratch, 'empty')
    expect(await tensorflowStatus({ folder })).toEqual({
      works: false,
      why: `no TensorFlow in ${folder}`,
      todo: expect.stringContaining('npx haba-setup-tensorflow'),
    })
    expect(await tensorflowStatus({ folder: broken })).toMatchObject({
      works: false,
      why: expect.stringMatching(/tfjs_binding\.node: Error: .*(file too short|invalid ELF header|not a valid)/),
    })
  })
})

// `npm run tensorflow` sets TensorFlow up and runs this; without it there is nothing to run it on.
if (process.env.HABA_TENSORFLOW) {
  testEngine(() => tensorflowEngine(), { name: 'tensorflow' })

  describe('with TensorFlow', () => {
    let engine: TensorflowEngine
    beforeAll(async () => {
      engine = await tensorflowEngine()
    })
    afterAll(() => engine.close())
    const vector = (...values: number[]) => tensor(values, [values.length]) as Tensor1D

    it('the status says which, and the engine is the same', async () => {
      const gpu = engine.name === 'tensorflow-gpu'
      expect(await tensorflowStatus()).toMatchObject({ works: true, version: engine.version, gpu })
    })

    it('goes on after close', async () => {
      const double = engine.compile('double', (x: Tensor) => add(x, x))
      await double(vector(1))
      await engine.close()
      expect((await double(vector(2))).dataSync()[0]).toBe(4)
      expect(engine.stats.compilations).toBe(1)
    })

    it('does not write into its arguments', async () => {
      const x = vector(1, 2, 3)
      const next = engine.compile('next', (a: Tensor) => add(mul(a, 2), 1))
      for (let i = 0; i < 3; i++) expect([...(await next(x)).dataSync()]).toEqual([3, 5, 7])
      expect([...x.dataSync()]).toEqual([1, 2, 3])
    })

    it('an error names the function and the signature', async () => {
      const rows = engine.compile('rows', (x: Tensor1D, indices: Tensor1D) => gather(x, indices))
      const failure = await rows(vector(1, 2), tensor([5], [1], 'int32') as Tensor1D).catch((error: unknown) => error)
      expect(HabaError.is(failure)).toBe(true)
      expect(String(failure)).toMatch(/tensorflowEngine: rows.*0=float32\[2\];1=int32\[1\]/s)
    })

    it('refuses what forward did not keep', async () => {
      const { backward } = engine.linearize('fn', (x: Tensor) => mul(x, x))
      const foreign: Tree = [scalar(1)]
      await expect(backward(foreign, vector(1))).rejects.toThrow(/fn\.backward.*kept/s)
    })
  })
}
