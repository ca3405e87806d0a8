import { zipSync } from 'fflate'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { create } from 'tar'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { getPublished } from './get-published.js'
import { dataFolder, folderOf, publishedSets, type PublishedSet } from './published-sets.js'

let server: Server
let mirror: string
let root: string
const served = new Map<string, Uint8Array>()
let requests = 0

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'haba-get-'))
  server = createServer(({ url = '' }, response) => {
    requests++
    const bytes = served.get(url.slice(1))
    if (bytes) response.end(bytes)
    else response.writeHead(404).end()
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  mirror = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await mkdir(join(root, 'made/set'), { recursive: true })
  await writeFile(join(root, 'made/set/one.txt'), 'one')
  await create({ file: join(root, 'set.tar.gz'), cwd: join(root, 'made'), gzip: true }, ['set'])
  served.set('set.tar.gz', await readFile(join(root, 'set.tar.gz')))
  served.set('set.zip', zipSync({ set: { deep: { 'two.txt': Buffer.from('two') } } }))
  served.set('evil.zip', zipSync({ '../evil.txt': Buffer.from('evil') }))
})
afterAll(async () => {
  await new Promise((done) => server.close(done))
  await rm(root, { recursive: true })
})
const home = process.env.HABA_DATA
afterEach(() => {
  if (home === undefined) delete process.env.HABA_DATA
  else process.env.HABA_DATA = home
})

const setOf = (name: string, facts: object = {}): PublishedSet => ({
  name: 'made-up',
  files: [{ name, url: 'http://nowhere.invalid/x', ...facts }],
  unpacksTo: 'set',
})

describe('getPublished', () => {
  it.each([
    ['set.tar.gz', 'one.txt', 'one'],
    ['set.zip', 'deep/two.txt', 'two'],
  ])('fetches and unpacks %s, once', async (name, file, text) => {
    const to = join(root, `to-${name}`)
    const folder = await getPublished(setOf(name), { to, mirror })
    expect(folder).toBe(join(to, 'set'))
    expect(await readFile(join(folder, file), 'utf8')).toBe(text)
    expect((await readdir(to)).sort()).toEqual(['set', name].sort())
    const before = requests
    await getPublished(setOf(name), { to, mirror })
    expect(requests).toBe(before)
  })

  it('puts files into HABA_DATA unless told otherwise', async () => {
    process.env.HABA_DATA = join(root, 'data')
    const set = { ...setOf('set.zip'), unpacksTo: undefined }
    expect(await getPublished({ name: set.name, files: set.files }, { mirror })).toBe(join(root, 'data/made-up'))
    expect(await readdir(join(root, 'data/made-up'))).toEqual(['set.zip'])
    process.env.HABA_DATA = ''
    expect(dataFolder()).toBe(join(homedir(), '.cache', 'haba'))
  })

  it('unpacks what somebody put there, without a network', async () => {
    const to = join(root, 'by-hand')
    await mkdir(to)
    await writeFile(join(to, 'set.zip'), served.get('set.zip')!)
    const sha256 = createHash('sha256').update(served.get('set.zip')!).digest('hex')
    const folder = await getPublished(setOf('set.zip', { sha256 }), { to })
    expect(await readFile(join(folder, 'deep/two.txt'), 'utf8')).toBe('two')
  })

  it.each<[string, RegExp]>([
    ['cut.tar.gz', /cut\.tar\.gz: expected an archive with the folder set, got/],
    ['cut.zip', /cut\.zip: expected an archive with the folder set, got/],
    ['evil.zip', /evil\.zip: expected an archive .* got .*\.\.\/evil\.txt/],
  ])('leaves nothing of an archive that is wrong: %s', async (name, message) => {
    for (const kind of ['tar.gz', 'zip']) served.set(`cut.${kind}`, served.get(`set.${kind}`)!.subarray(0, 80))
    const to = join(root, `wrong-${name}`)
    await expect(getPublished(setOf(name), { to, mirror })).rejects.toThrow(message)
    expect(await readdir(to)).toEqual([name])
  })
})

describe('publishedSets', () => {
  it('have checksums of the right form, and folders', () => {
    for (const set of Object.values<PublishedSet>(publishedSets)) {
      for (const { name, url, size, md5, sha256 = 'a'.repeat(64) } of set.files) {
        expect(url.endsWith(`/${name}`)).toBe(true)
        expect(size).toBeGreaterThan(1000)
        expect(md5).toMatch(/^[0-9a-f]{32}$/)
        expect(sha256).toMatch(/^[0-9a-f]{64}$/)
      }
    }
    expect(folderOf(publishedSets.cifar10, 'x')).toBe(join('x', 'cifar-10-batches-bin'))
    process.env.HABA_DATA = 'y'
    expect(folderOf(publishedSets.svhn)).toBe(join('y', 'svhn'))
  })
})
