import { testDataset } from '@haba/testing'
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { imageFolder } from './image-folder.js'

const made: string[] = []
let root: string
afterAll(() => Promise.all(made.map((folder) => rm(folder, { recursive: true }))))

interface Picture {
  readonly color: readonly [r: number, g: number, b: number]
  readonly side?: number
  readonly alpha?: boolean
}

async function draw(file: string, { color: [r, g, b], side = 4, alpha = false }: Picture) {
  await mkdir(dirname(join(root, file)), { recursive: true })
  const background = alpha ? { r, g, b, alpha: 0.5 } : { r, g, b }
  const picture = sharp({ create: { width: side, height: side, channels: alpha ? 4 : 3, background } })
  await picture.toFile(join(root, file))
}

const fill = async () => {
  root = await mkdtemp(join(tmpdir(), 'haba-folder-'))
  made.push(root)
  await draw('train/owl/10.png', { color: [10, 20, 30] })
  await draw('train/owl/2.PNG', { color: [40, 50, 60] })
  await draw('train/cat/a.jpg', { color: [200, 200, 200] })
  await draw('train/cat/.hidden.png', { color: [0, 0, 0], side: 9 })
  await draw('test/owl/t.png', { color: [1, 2, 3] })
}
beforeEach(fill)

/** The first pixel of the first images of a half. */
async function colors(data: Awaited<ReturnType<typeof imageFolder>>, half: 'train' | 'test') {
  const count = data[half].labels.length
  const values = (await data[half].images(Int32Array.from({ length: count }, (_, i) => i))).dataSync()
  const size = data.image.reduce((a, b) => a * b)
  return Array.from({ length: count }, (_, i) =>
    Array.from(values.subarray(i * size, i * size + data.image[2]), (value) => Math.round(value * 255)),
  )
}

testDataset({
  name: 'a folder of images',
  make: () => fill().then(() => imageFolder({ root })),
  sizes: { train: 3, test: 1 },
})

describe('imageFolder', () => {
  it('sorts classes and files, and reads PNG and JPEG', async () => {
    const data = await imageFolder({ root, name: 'pets' })
    expect(data).toMatchObject({ name: 'pets', image: [4, 4, 3], classNames: ['cat', 'owl'] })
    expect(data.train.labels).toEqual(Int32Array.of(0, 1, 1))
    expect(data.test.labels).toEqual(Int32Array.of(1))
    expect(await colors(data, 'train')).toEqual([
      [200, 200, 200],
      [10, 20, 30],
      [40, 50, 60],
    ])
    expect(await colors(data, 'test')).toEqual([[1, 2, 3]])
  })

  it('reads gray images as color, and color images as gray', async () => {
    await sharp({ create: { width: 4, height: 4, channels: 3, background: { r: 90, g: 90, b: 90 } } })
      .toColorspace('b-w')
      .toFile(join(root, 'test/owl/gray.png'))
    expect(await colors(await imageFolder({ root }), 'test')).toEqual([
      [90, 90, 90],
      [1, 2, 3],
    ])
    const gray = await imageFolder({ root, channels: 1 })
    expect(gray.image).toEqual([4, 4, 1])
    expect((await colors(gray, 'test'))[0]).toEqual([90])
    expect((await colors(gray, 'train'))[0]).toEqual([200])
  })

  it('resizes where size asks for it', async () => {
    await draw('train/cat/big.png', { color: [7, 8, 9], side: 11 })
    const data = await imageFolder({ root, size: [2, 3] })
    expect(data.image).toEqual([2, 3, 3])
    expect((await colors(data, 'train'))[1]).toEqual([7, 8, 9])
  })

  it('names images of another size than most have, and counts them', async () => {
    for (let i = 0; i < 7; i++) await draw(`train/owl/big${i}.png`, { color: [0, 0, 0], side: 5 })
    await expect(imageFolder({ root })).rejects.toThrow(
      /train: expected images of 5×5, the size of 7 of 10, got 3 of another size: .*a\.jpg \(is 4×4\);.*Set `size`, such as \[5, 5\]/,
    )
  })

  it('names files that are truncated or no images', async () => {
    const noisy = await sharp({
      create: {
        width: 64,
        height: 64,
        channels: 3,
        background: '#888',
        noise: { type: 'gaussian', mean: 128, sigma: 60 },
      },
    })
      .jpeg()
      .toBuffer()
    await writeFile(join(root, 'train/owl/cut.jpg'), noisy.subarray(0, noisy.length / 2))
    await writeFile(join(root, 'train/owl/text.png'), 'not a picture')
    await writeFile(join(root, 'train/owl/void.png'), '')
    await expect(imageFolder({ root, size: [4, 4] })).rejects.toThrow(
      /expected readable images, got 3 of 6 unreadable: .*cut\.jpg \(.*text\.png \(.*void\.png \(/,
    )
    const include = (file: string) => !/(cut|text|void)\.\w+$/.test(file)
    await expect(imageFolder({ root, include })).resolves.toMatchObject({ classes: 2 })
  })

  it('reads images in nested folders', async () => {
    await draw('test/cat/images/deep.png', { color: [5, 5, 5] })
    expect((await imageFolder({ root })).test.labels).toEqual(Int32Array.of(0, 1))
  })

  it('refuses classes that training does not have, and classes without images', async () => {
    await draw('test/dog/x.png', { color: [0, 0, 0] })
    await expect(imageFolder({ root })).rejects.toThrow(/test: .*training classes.*got also dog/)
    await mkdir(join(root, 'train/dog'))
    await expect(imageFolder({ root })).rejects.toThrow(/train\/dog: expected at least one image, got none/)
  })

  it('names a folder that is missing, and asks for one', async () => {
    await expect(imageFolder({ root: join(root, 'none') })).rejects.toThrow(/none: expected a folder/)
    await expect(imageFolder({})).rejects.toThrow(/expected root, or train and test/)
    await expect(imageFolder({ root, size: [0, 4] })).rejects.toThrow(/size \[height, width\]/)
  })

  it('tells how far it is', async () => {
    const seen: unknown[] = []
    await imageFolder({ root, onProgress: (progress) => seen.push(progress) })
    expect(seen).toEqual([
      { half: 'train', done: 3, total: 3 },
      { half: 'test', done: 1, total: 1 },
    ])
  })
})

describe('the cache of imageFolder', () => {
  it('is read while the images stay the same, and written anew when one changes', async () => {
    const cache = join(root, 'pixels.cache')
    const decoded: unknown[] = []
    const load = () => imageFolder({ root, cache, onProgress: (progress) => decoded.push(progress) })
    const first = await colors(await load(), 'train')
    const before = await stat(cache)
    expect(await colors(await load(), 'train')).toEqual(first)
    expect(decoded).toHaveLength(2)
    expect((await stat(cache)).mtimeMs).toBe(before.mtimeMs)
    await draw('train/owl/10.png', { color: [99, 98, 97] })
    expect((await colors(await load(), 'train'))[1]).toEqual([99, 98, 97])
    expect(decoded).toHaveLength(4)
  })

  it('is refused when cut, and never written over another file', async () => {
    const cache = join(root, 'pixels.cache')
    await imageFolder({ root, cache })
    await writeFile(cache, (await readFile(cache)).subarray(0, -1))
    await expect(imageFolder({ root, cache })).rejects.toThrow(/pixels\.cache: expected .* bytes.*Delete this cache/)
    await imageFolder({ root, cache: join(root, 'whole.cache') })
    const whole = await readFile(join(root, 'whole.cache'))
    for (const at of [whole.indexOf(10) + 5, whole.length - 1, 60]) {
      const copy = Buffer.from(whole)
      copy[at]! ^= 2
      await writeFile(cache, copy)
      await expect(imageFolder({ root, cache })).rejects.toThrow(/^cache .*pixels\.cache: expected .*Delete this cache/)
    }
    await writeFile(cache, 'my diary')
    await expect(imageFolder({ root, cache })).rejects.toThrow(/expected a cache of decoded images, got another file/)
    expect(await readFile(cache, 'utf8')).toBe('my diary')
  })
})
