import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { fetchFiles, type FetchProgress } from './fetch-files.js'

const content = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 31 + (i >> 8)) % 251))
const hashOf = (algorithm: string, bytes: Uint8Array) => createHash(algorithm).update(bytes).digest('hex')
const facts = { name: 'a.bin', size: content.length, md5: hashOf('md5', content), sha256: hashOf('sha256', content) }

type Answer = (request: IncomingMessage, response: ServerResponse) => void

let server: Server
let base: string
let folder: string
let asked: { readonly url: string | undefined; readonly range: string | undefined }[]
let answer: Answer

/** A server that supports ranges. */
const ranged: Answer = ({ headers }, response) => {
  const from = Number(/bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0)
  if (from >= content.length) return void response.writeHead(416).end()
  response.writeHead(headers.range ? 206 : 200, { 'content-length': content.length - from })
  response.end(content.subarray(from))
}

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push({ url: request.url, range: request.headers.range })
    answer(request, response)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => new Promise((done) => server.close(done)))
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haba-fetch-'))
  asked = []
  answer = ranged
})
afterEach(() => rm(folder, { recursive: true }))

const isWhole = async (path: string) => content.equals(await readFile(path))
const part = () => join(folder, 'a.bin.part')
const fetchOne = (more: Partial<Parameters<typeof fetchFiles>[0]> = {}) =>
  fetchFiles({ files: [{ ...facts, url: `${base}/here/a.bin` }], folder, ...more })

describe('fetchFiles', () => {
  it('fetches, checks, tells how far it is, and does not fetch again', async () => {
    const seen: FetchProgress[] = []
    const [path] = await fetchOne({ folder: join(folder, 'new', 'place'), onProgress: (p) => seen.push(p) })
    expect(await isWhole(path!)).toBe(true)
    expect(seen.at(-1)).toEqual({ file: 'a.bin', done: content.length, total: content.length })
    await fetchOne({ folder: join(folder, 'new', 'place') })
    expect(asked).toHaveLength(1)
    expect(await readdir(join(folder, 'new', 'place'))).toEqual(['a.bin'])
  })

  it('goes on with what an earlier run left', async () => {
    await writeFile(part(), content.subarray(0, 100_001))
    await fetchOne()
    expect(asked).toEqual([{ url: '/here/a.bin', range: 'bytes=100001-' }])
    expect(await isWhole(join(folder, 'a.bin'))).toBe(true)
  })

  it('goes on after a connection that breaks, as often as it brings something', async () => {
    answer = (request, response) => {
      const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
      if (from > 200_000) return ranged(request, response)
      response.writeHead(request.headers.range ? 206 : 200, { 'content-length': content.length - from })
      // With a delay: `fetch` drops unread bytes when the connection breaks.
      response.write(content.subarray(from, from + 25_000), () => setTimeout(() => response.destroy(), 20))
    }
    await fetchOne({ retries: 3 })
    expect(asked.length).toBeGreaterThan(5)
    expect(await isWhole(join(folder, 'a.bin'))).toBe(true)
  })

  it('begins anew where the server knows no ranges, or the part is too long', async () => {
    await writeFile(part(), content.subarray(0, 1000))
    answer = (_, response) => response.end(content)
    await fetchOne()
    expect(await isWhole(join(folder, 'a.bin'))).toBe(true)
    await rm(join(folder, 'a.bin'))
    await writeFile(part(), new Uint8Array(400_000))
    answer = ranged
    await fetchOne()
    expect(await isWhole(join(folder, 'a.bin'))).toBe(true)
  })

  it('only checks a part that is whole already', async () => {
    await writeFile(part(), content)
    await fetchOne()
    expect(asked).toEqual([])
    expect(await readdir(folder)).toEqual(['a.bin'])
  })

  it('fetches again what is here but wrong', async () => {
    await writeFile(
      join(folder, 'a.bin'),
      content.map((byte) => byte ^ 1),
    )
    await fetchOne()
    expect(asked).toHaveLength(1)
    expect(await isWhole(join(folder, 'a.bin'))).toBe(true)
  })

  it.each<[string, object, RegExp]>([
    [
      'sha256',
      { sha256: 'ab'.repeat(32) },
      /here\/a\.bin: expected sha256 (ab){32}, got [0-9a-f]{64}\. The download was/,
    ],
    ['md5', { sha256: undefined, md5: 'cd'.repeat(16) }, /expected md5 (cd){16}, got [0-9a-f]{32}/],
    ['size', { size: 7 }, /expected 7 bytes, got 300000/],
  ])('refuses and deletes what has a wrong %s', async (_, wrong, message) => {
    await expect(fetchOne({ files: [{ ...facts, url: `${base}/here/a.bin`, ...wrong }] })).rejects.toThrow(message)
    expect(await readdir(folder)).toEqual([])
  })

  it('takes files without checksums by their size alone', async () => {
    await fetchOne({ files: [{ name: 'b.bin', url: `${base}/b`, size: content.length }] })
    await fetchOne({ files: [{ name: 'c.bin', url: `${base}/c` }] })
    expect(await readdir(folder)).toEqual(['b.bin', 'c.bin'])
  })

  it('fetches from a mirror', async () => {
    await fetchOne({ files: [{ ...facts, url: 'http://nowhere.invalid/x/a.bin' }], mirror: `${base}/mirror/` })
    expect(asked).toEqual([{ url: '/mirror/a.bin', range: undefined }])
  })

  it('says without a network which file to put where, and keeps what has come', async () => {
    await writeFile(part(), content.subarray(0, 10))
    const files = [{ ...facts, url: 'http://nowhere.invalid/a.bin' }]
    await expect(fetchOne({ files, retries: 0 })).rejects.toThrow(
      new RegExp(
        `nowhere.invalid/a.bin: expected an answer, got .*put a.bin \\(300000 bytes, SHA-256 ${facts.sha256}\\) at .*a.bin yourself`,
      ),
    )
    expect(await readdir(folder)).toEqual(['a.bin.part'])
  })

  it('tells what the server answered: at once if asking again is no use', async () => {
    answer = (_, response) => response.writeHead(404).end('not here')
    await expect(fetchOne()).rejects.toThrow(/a file, got status 404\. Check the address, or use another mirror/)
    expect(asked).toHaveLength(1)
    answer = (_, response) => response.writeHead(503).end()
    await expect(fetchOne({ retries: 2 })).rejects.toThrow(/the server answered 503/)
    expect(asked).toHaveLength(4)
  })
})
