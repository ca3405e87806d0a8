import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { usesOf } from './uses.js'

it('shows what was measured of the set as it is, and not of the set after fewer steps', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'haba-uses-'))
  const protocol = { name: 'dsa', version: 1, hash: 'abc' }
  const measured = { network: 'LeNet', protocol, mean: 0.5, std: 0.1, accuracies: [0.4, 0.6], after: 20 }
  await writeFile(join(folder, 'evaluation-dsa-LeNet.json'), JSON.stringify(measured))
  await writeFile(join(folder, 'evaluation-dsa-MLP.json'), JSON.stringify({ ...measured, network: 'MLP', after: 10 }))
  const { cross } = await usesOf(folder, 'HaBa', 20)
  expect(cross!.map(({ network, protocol: name, networks }) => [network, name, networks])).toEqual([
    ['LeNet', 'dsa, version 1 (abc)', 2],
  ])
  expect(await usesOf(folder, 'HaBa', 30)).toEqual({})
  await rm(folder, { recursive: true })
})
