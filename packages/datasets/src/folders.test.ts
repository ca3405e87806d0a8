import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { imageFolder, type ImageFolderOptions } from './image-folder.js'
import { roomFor } from './pixels.js'
import { draw as drawAt, type Picture } from './pictures.test-data.js'

const made: string[] = []
let root: string
afterAll(() => Promise.all(made.map((folder) => rm(folder, { recursive: true }))))

const draw = (file: string, red = 0, size: Partial<Picture> = {}) =>
  drawAt(join(root, file), { color: [red, 0, 0], height: 4, width: 4, ...size })
const write = (file: string, text: string | Uint8Array) => writeFile(join(root, file), text)

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'haba-folders-'))
  made.push(root)
  for (const half of ['train', 'test'])
    for (const [label, name] of ['cat', 'owl'].entries())
      for (let i = 0; i < 3; i++) await draw(`${half}/${name}/${i}.png`, 10 * label + i)
})

/** Loads the data set and collects warnings. */
async function load(options: ImageFolderOptions = {}) {
  const warnings: string[] = []
  const data = await imageFolder({ root, onWarning: (warning) => warnings.push(warning), ...options })
  expect(data.warnings ?? []).toEqual(warnings)
  return { data, warnings }
}
async function reds(data: Awaited<ReturnType<typeof imageFolder>>, half: 'train' | 'test') {
  const indices = Int32Array.from(data[half].labels, (_, i) => i)
  const values = (await data[half].images(indices)).dataSync()
  const size = data.image.reduce((a, b) => a * b)
  return [...indices].map((i) => Math.round(values[i * size]! * 255))
}
const plain = { train: [0, 1, 2, 10, 11, 12], test: [0, 1, 2, 10, 11, 12] }

describe('among class folders', () => {
  it('passes over files, links to files, and what systems leave behind', async () => {
    await write('README.md', 'what this is')
    await symlink(join(root, 'README.md'), join(root, 'train/README.md'))
    await write('train/LICENSE.txt', 'yours')
    await mkdir(join(root, 'train/__MACOSX/cat'), { recursive: true })
    for (const name of ['Thumbs.db', 'thumbs.db', 'desktop.ini', '.DS_Store', '._0.png', 'Icon\r'])
      await write(`train/cat/${name}`, 'no picture')
    const { data, warnings } = await load()
    expect(data.classNames).toEqual(['cat', 'owl'])
    expect(await reds(data, 'train')).toEqual(plain.train)
    expect(warnings).toEqual([])
  })

  it('follows links to folders and images, but not in circles', async () => {
    await draw('elsewhere/fox/a.png', 77)
    for (const half of ['train', 'test']) await symlink(join(root, 'elsewhere/fox'), join(root, half, 'fox'))
    await symlink(join(root, 'elsewhere/fox/a.png'), join(root, 'train/cat/linked.png'))
    await symlink(join(root, 'train/cat'), join(root, 'train/cat/again'))
    const { data } = await load()
    expect(data.classNames).toEqual(['cat', 'fox', 'owl'])
    expect(await reds(data, 'train')).toEqual([0, 1, 2, 77, 77, 10, 11, 12])
  })

  it('names a link that leads nowhere', async () => {
    await symlink(join(root, 'gone'), join(root, 'train/fox'))
    await expect(load()).rejects.toThrow(/train.fox: expected a folder, got a dangling link/)
    await rm(join(root, 'train/fox'))
    await symlink(join(root, 'gone.png'), join(root, 'train/cat/gone.png'))
    await expect(load()).rejects.toThrow(/got 1 of 7 unreadable: .*gone\.png \(ENOENT/)
    expect((await load({ skipCorrupt: true })).warnings[0]).toMatch(/^train: 1 of 7 images .* skipped: cat\/gone\.png/)
  })

  it('takes two Unicode spellings of a name for one class, and gives the composed one', async () => {
    await draw('train/Mu\u0308ller/a.png', 50)
    await draw('train/M\u00fcller/b.png', 51)
    await draw('test/Mu\u0308ller/a.png', 52)
    const { data } = await load()
    expect(data.classNames).toEqual(['M\u00fcller', 'cat', 'owl'])
    expect((await reds(data, 'train')).slice(0, 2).sort()).toEqual([50, 51])
    expect(await reds(data, 'test')).toEqual([52, ...plain.test])
  })

  it('leaves out what a configuration can name', async () => {
    await draw('train/unsorted/x.png')
    await draw('train/cat/0-mask.png', 99)
    await write('train/owl/notes.txt', 'a bird')
    await write('train/owl/2019.csv', '')
    const exclude = ['unsorted', '*-mask.png', 'owl/*.{txt,csv}']
    expect(await reds((await load({ exclude })).data, 'train')).toEqual(plain.train)
    const { data } = await load({ include: ['cat/**', '**/[01].png'], exclude: ['unsorted', '*mask*'] })
    expect(await reds(data, 'train')).toEqual([0, 1, 2, 10, 11])
    const functions = await load({
      include: (file) => file.endsWith('.png'),
      exclude: (file) => /mask|unsorted/.test(file),
      train: join(root, 'train'),
    }).catch((error: Error) => error.message)
    expect(functions).toMatch(/train.unsorted: expected at least one image, got none\. Fill .*`exclude`/)
  })
})

describe('the halves', () => {
  it('are train and val where there is no test, and it is said', async () => {
    await rm(join(root, 'test'), { recursive: true })
    await draw('Val/owl/v.png', 60)
    const { data, warnings } = await load()
    expect(await reds(data, 'test')).toEqual([60])
    expect(warnings).toEqual([
      'There is no folder test: the test images are those of Val.',
      'test: no images of 1 of 2 classes: cat.',
    ])
    await draw('testing/cat/t.png', 61)
    expect(await reds((await load()).data, 'test')).toEqual([61])
  })

  it('are asked for where one is missing', async () => {
    await rm(join(root, 'test'), { recursive: true })
    await expect(load()).rejects.toThrow(/expected a folder test or val beside train, got train\. Set `testFraction`/)
    await expect(load({ root: join(root, 'train') })).rejects.toThrow(
      /train: expected a folder train, and a folder test or val, got cat, owl\. If these are the classes.*`testFraction`/,
    )
    await expect(load({ testFraction: 0.5, test: root })).rejects.toThrow(/expected test or testFraction, got both/)
    await expect(load({ testFraction: 1 })).rejects.toThrow(/expected testFraction between 0 and 1, got 1/)
  })

  it('can be held out, class by class, by a seed', async () => {
    for (let i = 3; i < 10; i++) await draw(`train/owl/${i}.png`, 10 + i)
    const { data, warnings } = await load({ testFraction: 0.3 })
    const [train, test] = [await reds(data, 'train'), await reds(data, 'test')]
    expect([...data.test.labels]).toEqual([0, 1, 1, 1])
    expect([...data.train.labels]).toEqual([0, 0, 1, 1, 1, 1, 1, 1, 1])
    expect([...train, ...test].sort((a, b) => a - b)).toEqual([0, 1, 2, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19])
    expect(train).toEqual([...train].sort((a, b) => a - b))
    expect(warnings).toEqual([])
    const cached = { testFraction: 0.3, cache: join(root, 'cache') }
    for (const { data: kept } of [await load(cached), await load(cached)])
      expect([await reds(kept, 'train'), await reds(kept, 'test')]).toEqual([train, test])
    // Class folders without train, and the same images of the same seed.
    const flat = await load({ root: join(root, 'train'), testFraction: 0.3 })
    expect(await reds(flat.data, 'test')).toEqual(test)
    const others = await Promise.all(
      [1, 2, 3].map(async (testSeed) => (await load({ testFraction: 0.3, testSeed })).data),
    )
    expect(new Set(await Promise.all(others.map(async (each) => `${await reds(each, 'test')}`))).size).toBeGreaterThan(
      1,
    )
  })

  it('leave a class of one image to training', async () => {
    await draw('train/fox/a.png')
    const { data, warnings } = await load({ testFraction: 0.9 })
    expect([...data.train.labels]).toEqual([0, 1, 2])
    expect(warnings).toEqual(['test: no images of 1 of 3 classes: fox.'])
  })

  it('name what they hold instead of classes', async () => {
    await rm(join(root, 'test'), { recursive: true })
    await mkdir(join(root, 'test'))
    await expect(load()).rejects.toThrow(/test: expected folders with the names of .*, got an empty folder/)
    for (const name of ['0.png', '1.png', '2.png']) await draw(`test/${name}`)
    await expect(load()).rejects.toThrow(
      /test: expected folders with the names of the 2 training classes, got 3 files and no folder\. .*`testFraction`/,
    )
    await mkdir(join(root, 'test/cat'))
    await expect(load()).rejects.toThrow(/test: expected at least one image, got none in 1 folders/)
    await draw('test/dog/0.png')
    await expect(load()).rejects.toThrow(
      /got also dog \(1 in all\)\. Add images of these classes to training, or .*`exclude`/,
    )
    await draw('test/cat/0.png')
    expect((await load({ exclude: ['dog'] })).warnings).toEqual(['test: no images of 1 of 2 classes: owl.'])
  })
})

describe('the images', () => {
  it('are skipped where they cannot be read, and counted', async () => {
    await write('train/cat/1.png', 'not a picture')
    await write('train/cat/half.png', (await readFile(join(root, 'train/cat/0.png'))).subarray(0, 60))
    const faults: unknown[] = []
    const cache = join(root, 'cache')
    const options = { skipCorrupt: true, cache, onFault: (fault: unknown) => faults.push(fault) }
    const { data, warnings } = await load(options)
    expect(await reds(data, 'train')).toEqual([0, 2, 10, 11, 12])
    expect([...data.train.labels]).toEqual([0, 0, 1, 1, 1])
    expect(warnings).toEqual([
      expect.stringMatching(
        /^train: 2 of 7 images cannot be read and were skipped: cat\/1\.png \(is no.*; cat\/half\.png \(/,
      ),
    ])
    expect(faults).toHaveLength(2)
    expect(faults).toContainEqual({
      where: join(root, 'train/cat/1.png'),
      what: 'is not an image, or its format is not supported',
    })
    const again = await load(options)
    expect([...again.data.train.labels]).toEqual([0, 0, 1, 1, 1])
    expect(again.warnings).toEqual(warnings)
    expect(faults).toHaveLength(2) // of the cache
    await expect(load({ cache })).rejects.toThrow(/got 2 of 7 unreadable/)
  })

  it('are compared with the size of most, and of training', async () => {
    await draw('test/cat/1.png', 1, { width: 9 })
    await expect(load()).rejects.toThrow(
      /test: expected images of 4×4 as in training, the size of 5 of 6, got 1 of another size: .*1\.png \(is 4×9\)/,
    )
    expect((await load({ size: [4, 4] })).data.image).toEqual([4, 4, 3])
  })

  it('that would not fit into memory are an error, not a crash', () => {
    expect(() => roomFor(2 ** 40, [64, 32, 3], 'a folder')).toThrow(
      /^a folder: expected images that fit into memory, got 1099511627776 of 64×32, the size of the first, .* Set `size`/,
    )
  })

  it('with a picture in alpha are laid over a background, and it is said', async () => {
    const corner = Buffer.from(Array.from({ length: 16 }, (_, i) => [0, 0, 0, i < 2 ? 255 : 0]).flat())
    const icon = await sharp(corner, { raw: { height: 4, width: 4, channels: 4 } })
      .png()
      .toBuffer()
    for (const half of ['train', 'test']) await write(`${half}/cat/1.png`, icon)
    const { data, warnings } = await load()
    const values = (await data.train.images(Int32Array.of(1))).dataSync()
    expect([values[0], values[3], values[6], values[47]]).toEqual([0, 0, 1, 1])
    expect(warnings).toEqual(
      ['train', 'test'].map(
        (half) =>
          `${half}: 1 of 6 images have their picture only in the alpha channel, and were composited over \`background\` ` +
          '[255, 255, 255]. The first is cat/1.png.',
      ),
    )
    expect((await load({ background: [0, 0, 0] })).warnings[0]).toMatch(
      /have a single color over .* \[0, 0, 0\]; another background may/,
    )
    await expect(load({ background: [0, 0, 256] })).rejects.toThrow(/background \[red, green, blue\] of 0 … 255/)
    await expect(load({ range: [1, 1] })).rejects.toThrow(/range \[black, white\] with black below white, got \[1,1\]/)
  })
})

describe('the cache', () => {
  it('is written anew where it is of older rules of decoding', async () => {
    const cache = join(root, 'cache')
    await load({ cache })
    const now = await readFile(cache)
    const end = now.indexOf(10)
    const header = JSON.parse(now.subarray(0, end).toString()) as Record<string, unknown>
    const { crc32: _, ...rest } = header
    const old = { ...rest, format: 'haba decoded images 1' }
    await writeFile(cache, Buffer.concat([Buffer.from(JSON.stringify(old)), now.subarray(end).fill(0, 1)]))
    expect(await reds((await load({ cache })).data, 'train')).toEqual(plain.train)
    expect((await readFile(cache)).subarray(0, end).toString()).toBe(JSON.stringify(header))
  })
})
