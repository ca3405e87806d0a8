import { createServer, type Server } from 'node:http'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commandLine } from '../command-line.js'

let server: Server
let mirror: string
let folder: string
const asked: (string | undefined)[] = []
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haba-data-'))
  server = createServer(({ url }, response) => {
    asked.push(url)
    response.end('not the published file')
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  mirror = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  await new Promise((done) => server.close(done))
  await rm(folder, { recursive: true })
})

async function haba(...args: readonly string[]) {
  let text = ''
  const screen = { write: (more: string) => (text += more) }
  return { code: await commandLine(args, { out: screen, err: screen }), text }
}

describe('haba data get', () => {
  it('asks the mirror, and refuses what is not the published file', async () => {
    const { code, text } = await haba('data', 'get', 'svhn', '--to', join(folder, 'svhn'), '--mirror', mirror)
    expect(code).toBe(1)
    expect(text).toMatch(/train_32x32\.mat: expected 182040794 bytes, got 22\. The download was deleted/)
    expect(asked).toEqual(['/train_32x32.mat'])
    expect(await readdir(join(folder, 'svhn'))).toEqual([])
  })

  it('corrects a name', async () => {
    const { code, text } = await haba('data', 'get', 'cifar')
    expect(code).toBe(1)
    expect(text).toMatch(/expected one of mnist, .*, got "cifar"\. Did you mean "cifar10"\?/)
  })

  it('is explained', async () => {
    const { code, text } = await haba('data', 'get', '--help')
    expect(code).toBe(0)
    expect(text).toMatch(/--mirror <url>/)
    expect(text).toMatch(/tiny-imagenet {2,}249 MB/)
  })
})

describe('haba data check', () => {
  /** A PNG of 4 × 4 pixels. */
  const picture = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAQAAAAECAIAAAAmkwkpAAAACXBIWXMAAAPoAAAD6AG1e1JrAAAAEElEQVQImWNQcumAIwbiOAB8ow7hPNNdHwAAAABJRU5ErkJggg==',
    'base64',
  )
  const draw = async (file: string) => {
    await mkdir(dirname(join(folder, file)), { recursive: true })
    await writeFile(join(folder, file), picture)
  }
  const config = async (data: Readonly<Record<string, unknown>>) => {
    const file = join(folder, 'check.json')
    const parts = { network: 'convnet', set: 'pixels', objective: 'distribution-matching', steps: 1 }
    await writeFile(file, JSON.stringify({ name: 'check', data, ...parts, optimizer: { images: { learningRate: 1 } } }))
    return file
  }

  it('counts the images of a folder, and lists all that cannot be used', async () => {
    for (const half of ['train', 'test'])
      for (const name of ['owl', 'wren']) for (let i = 0; i < 3; i++) await draw(`birds/${half}/${name}/${i}.png`)
    await draw('birds/train/wren/3.png')
    const good = await haba('data', 'check', join(folder, 'birds'))
    expect(good.code, good.text).toBe(0)
    expect(good.text).toMatch(/birds: images of 4×4×3 in 2 classes/)
    expect(good.text).toMatch(/train +7 +3 +4\ntest +6 +3 +3\n/)
    expect(good.text).toMatch(/\nAll images are usable\.\n$/)

    for (let i = 4; i < 12; i++) await writeFile(join(folder, `birds/train/wren/${i}.png`), 'no picture')
    const bad = await haba('data', 'check', join(folder, 'birds'))
    expect(bad.code).toBe(1)
    expect(bad.text.match(/wren.\d+\.png: is not an image/g)).toHaveLength(8)
    expect(bad.text).toMatch(/expected readable images, got 8 of 15 unreadable/)

    const data = { use: 'image-folder', root: './birds', skipCorrupt: true, preprocessing: 'zca' }
    const skipping = await haba('data', 'check', await config(data))
    expect(skipping.code, skipping.text).toBe(0)
    expect(skipping.text).toMatch(/train: 8 of 15 images cannot be read and were skipped: /)
    expect(skipping.text).toMatch(/\nAll other images are usable\.\n$/)
    const excluding = await haba(
      'data',
      'check',
      await config({ ...data, skipCorrupt: false, exclude: ['[4-9].png', '1?.png'] }),
    )
    expect(excluding.code, excluding.text).toBe(0)
  })

  it('reads images that stay on disk, too', async () => {
    for (const half of ['train', 'val']) for (const wnid of ['n01', 'n02']) await draw(`net/${half}/${wnid}/a.JPEG`)
    await writeFile(join(folder, 'net/val/n02/b.JPEG'), 'no picture')
    const { code, text } = await haba('data', 'check', await config({ use: 'imagenet', folder: './net', size: [4, 4] }))
    expect(code).toBe(1)
    expect(text).toMatch(/n02.b\.JPEG: expected an image of 4×4, got is not an image/)
    expect(text).toMatch(/check\.json: expected images that are all usable, got 1 that are not/)
  })

  it('says what it takes', async () => {
    const { code, text } = await haba('data', 'check', join(folder, 'nothing'))
    expect(code).toBe(1)
    expect(text).toMatch(/expected a configuration, a folder or an \.npz file, got ENOENT/)
  })
})
