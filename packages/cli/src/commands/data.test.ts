import { createServer, type Server } from 'node:http'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
    expect(text).toMatch(/train_32x32\.mat: expected 182040794 bytes, got 22\. What came was deleted/)
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
