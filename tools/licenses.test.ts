import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { explained, installed, licensesText, permissive } from './licenses.js'
import { root } from './packages.js'

describe('what is installed with our packages', () => {
  const all = installed()

  it('holds what they import, and nothing that only we develop with', () => {
    const names = all.map(({ name }) => name)
    expect(names).toEqual(
      expect.arrayContaining(['ajv', 'commander', 'onnxruntime-node', 'sharp', '@tensorflow/tfjs-core']),
    )
    for (const tool of ['vitest', 'nx', 'eslint', 'typescript']) expect(names).not.toContain(tool)
  })

  it('is under a license that lets it ship, or explained', () => {
    const free = (license: string) =>
      license
        .replaceAll(/[()]/g, '')
        .split(/ (?:AND|OR) /)
        .every((one) => permissive.includes(one))
    const others = all.filter(
      ({ name, license }) => !free(license) && !Object.keys(explained).some((start) => name.startsWith(start)),
    )
    expect(others).toEqual([])
  })

  it('is listed in docs/licenses.md', async () => {
    expect(readFileSync(join(root, 'docs/licenses.md'), 'utf8'), 'run npm run licenses').toBe(await licensesText(all))
  })
})
