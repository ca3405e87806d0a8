import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { root } from '../packages.js'
import { chaos } from './chaos.js'
import { documentFile, documentText } from './document.js'
import { slopeOf } from './soak.js'

it('a run and a recording that are killed at random moments end with the bytes of an undisturbed one', async () => {
  const said: string[] = []
  const results = await chaos({
    program: 'sources',
    kills: 4,
    renames: false,
    seed: 2,
    only: ['distill haba', 'experts'],
    say: (text) => said.push(text),
  })
  expect(results.flatMap(({ lost }) => lost)).toEqual([])
  expect(results.map(({ random }) => random.kills)).toEqual([2, 2])
}, 300_000)

it('tensors, sessions and programs do not grow over 100 steps', () => {
  const script = join(root, 'tools/reliability/soak-main.ts')
  const flags = ['--conditions=@haba/source', '--import', import.meta.resolve('tsx')]
  const args = ['--steps', '100', '--objective', 'DM', '--objective', 'MTT']
  const text = execFileSync(process.execPath, [...flags, script, ...args], { encoding: 'utf8' })
  expect(text).toMatch(/^DM: .*; nothing grew\nMTT: .*; nothing grew\n$/)
}, 120_000)

it('a slope has the error of its points', () => {
  const straight = slopeOf([0, 1, 2, 3].map((x) => [x, 5 + 2 * x]))
  expect(straight.slope).toBeCloseTo(2)
  expect(straight.error).toBeCloseTo(0)
  // By hand: mean 1.5, squares 5, products 5.5; residuals 0.05, -0.15, 0.15, -0.05 around 1.1 x + 0.95.
  const scattered = slopeOf([
    [0, 1],
    [1, 1.9],
    [2, 3.3],
    [3, 4.2],
  ])
  expect(scattered.slope).toBeCloseTo(1.1)
  expect(scattered.error).toBeCloseTo(Math.sqrt(0.05 / 2 / 5))
})

it('docs/reliability.md is what its command writes', async () => {
  expect(readFileSync(documentFile, 'utf8')).toBe(await documentText())
})
