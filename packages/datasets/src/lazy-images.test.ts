import { mkdtemp, rm, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { identity } from './identity.js'
import { lazyImages } from './lazy-images.js'
import { listImages } from './list-images.js'
import { draw, png } from './pictures.test-data.js'

const made: string[] = []
let folder: string
afterAll(() => Promise.all(made.map((each) => rm(each, { recursive: true }))))

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haba-lazy-'))
  made.push(folder)
  for (let i = 0; i < 6; i++) await draw(join(folder, 'a', `${i}.png`), { color: [i, 0, 0], height: 8, width: 8 })
})

const bytes = 8 * 8 * 3
async function load(cacheBytes: number) {
  const half = await listImages({ folder })
  const options = { name: 'lazy', classNames: ['a'], image: [8, 8, 3], decoding: { channels: 3 } } as const
  return lazyImages({ ...options, train: half, test: half, preprocessing: identity(), cacheBytes })
}
const reds = async ({ train }: Awaited<ReturnType<typeof load>>, ...indices: number[]) => {
  const values = (await train.images(Int32Array.from(indices))).dataSync()
  return indices.map((_, i) => Math.round(values[i * bytes]! * 255))
}

describe('images on disk', () => {
  it('are read when they are asked for, in the order of the indices', async () => {
    await writeFile(join(folder, 'a', '5.png'), 'not a picture')
    const data = await load(2 ** 20)
    expect(await reds(data, 3, 0, 3)).toEqual([3, 0, 3])
    await expect(reds(data, 0, 5)).rejects.toThrow(/5\.png: expected an image of 8×8, got is not an image/)
    await expect(reds(data, 6)).rejects.toThrow(/'lazy', train: expected indices 0 … 5, got 6/)
  })

  it('stay in memory up to cacheBytes, those used last', async () => {
    const data = await load(2 * bytes)
    await reds(data, 0, 1)
    for (const i of [0, 1, 2]) await unlink(join(folder, 'a', `${i}.png`))
    expect(await reds(data, 0, 1)).toEqual([0, 1]) // from memory
    expect(await reds(data, 1)).toEqual([1])
    expect(await reds(data, 3)).toEqual([3]) // evicts 0
    expect(await reds(data, 1)).toEqual([1])
    await expect(reds(data, 0)).rejects.toThrow(/0\.png: .*ENOENT/)
  })

  it('are read anew each time without a cache, and after a failure', async () => {
    const data = await load(0)
    expect(await reds(data, 2)).toEqual([2])
    await writeFile(join(folder, 'a', '2.png'), await png({ color: [77, 0, 0], height: 8, width: 8 }))
    expect(await reds(data, 2)).toEqual([77])
    const cached = await load(2 ** 20)
    await writeFile(join(folder, 'a', '4.png'), '')
    await expect(reds(cached, 4)).rejects.toThrow(/4\.png/)
    await draw(join(folder, 'a', '4.png'), { color: [44, 0, 0], height: 8, width: 8 })
    expect(await reds(cached, 4)).toEqual([44])
  })
})
