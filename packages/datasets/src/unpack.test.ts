import type * as FileSystem from 'node:fs/promises'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { HabaError } from '@haba/core'
import { zipSync, type Zippable } from 'fflate'
import { Header, Pax, type HeaderData } from 'tar'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { unpack } from './unpack.js'

const broken = vi.hoisted(() => ({ rm: false, write: false }))
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof FileSystem>()
  return {
    ...real,
    rm: async (path: string, options: object) => {
      // The first removal cleans up after an earlier attempt.
      if (broken.rm && (await real.stat(path).catch(() => undefined))) throw new Error('cannot be removed')
      return real.rm(path, options)
    },
    mkdir: async (path: string, options: object) => {
      if (broken.write) throw Object.assign(new Error('full'), { code: 'ENOSPC', syscall: 'mkdir', path })
      return real.mkdir(path, options)
    },
  }
})

let root: string
beforeAll(async () => (root = await mkdtemp(join(tmpdir(), 'haba-unpack-'))))
afterAll(() => rm(root, { recursive: true }))

interface TarEntry extends HeaderData {
  readonly path: string
  readonly text?: string
}

/** A gzipped tar with these headers, valid or not. */
function tar(entries: readonly TarEntry[]): Uint8Array {
  const blocks = entries.flatMap(({ text = '', ...data }) => {
    const header = new Header({ mode: 0o644, size: text.length, type: 'File', mtime: new Date(0), ...data })
    header.encode()
    const content = Buffer.alloc(Math.ceil(text.length / 512) * 512)
    content.write(text)
    return [header.block!, content]
  })
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]))
}

const good: TarEntry = { path: 'set/one.txt', text: 'one' }
const zip = (files: Zippable) => zipSync({ 'set/one.txt': Buffer.from('one'), ...files }, { level: 0 })
const evil = Buffer.from('evil')

/** Changes a number in the last entry of a zip's directory. */
function inDirectory(bytes: Uint8Array, offset: number, change: (old: number) => number): Uint8Array {
  const copy = Buffer.from(bytes)
  const at = copy.lastIndexOf(Buffer.from('PK\u0001\u0002', 'latin1')) + offset
  copy.writeUInt32LE(change(copy.readUInt32LE(at)) >>> 0, at)
  return copy
}

let number = 0
async function unpacked(kind: 'zip' | 'tar.gz', bytes: Uint8Array): Promise<string> {
  const folder = join(root, `${number++}`, 'into')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, `a.${kind}`), bytes)
  await unpack(join(folder, `a.${kind}`), folder, 'set')
  return folder
}

const bad: readonly (readonly [what: string, kind: 'zip' | 'tar.gz', bytes: () => Uint8Array, message: RegExp])[] = [
  ['traversal', 'zip', () => zip({ '../../evil': evil }), /\.\.\/\.\.\/evil/],
  ['traversal', 'tar.gz', () => tar([good, { path: '../../evil', text: 'evil' }]), /leads out of the archive: "\.\./],
  ['traversal inside', 'tar.gz', () => tar([good, { path: 'set/../../evil', text: 'evil' }]), /leads out/],
  ['an absolute name', 'zip', () => zip({ '/evil': evil }), /absolute/],
  ['an absolute name', 'tar.gz', () => tar([good, { path: '/evil', text: 'evil' }]), /an absolute name: "\/evil"/],
  ['a drive', 'zip', () => zip({ 'C:evil': evil }), /drive|absolute/],
  ['a drive', 'tar.gz', () => tar([good, { path: 'C:evil', text: 'evil' }]), /a name with a drive: "C:evil"/],
  ['a backslash', 'tar.gz', () => tar([good, { path: 'set\\evil', text: 'evil' }]), /a name with a backslash/],
  ['a NUL', 'zip', () => zip({ 'set/e\0vil': evil }), /a name with a NUL: "set\/e\\u0000vil"/],
  [
    'a symbolic link',
    'tar.gz',
    () => tar([good, { path: 'set/l', type: 'SymbolicLink', linkpath: '/etc' }]),
    /SymbolicLink/,
  ],
  ['a hard link', 'tar.gz', () => tar([good, { path: 'set/l', type: 'Link', linkpath: 'set/one.txt' }]), /type Link/],
  ['a device', 'tar.gz', () => tar([good, { path: 'set/d', type: 'CharacterDevice' }]), /type CharacterDevice/],
  ['a symbolic link', 'zip', () => zip({ 'set/l': [evil, { os: 3, attrs: 0o120777 << 16 }] }), /not a file: "set\/l"/],
  ['a bomb', 'tar.gz', () => tar([good, { path: 'set/b', size: 2 ** 32 }]), /unpack to more than 268435456/],
  ['a bomb', 'zip', () => inDirectory(zip({ 'set/b': evil }), 24, () => 2 ** 31), /more than|ize/],
  ['shared bytes', 'zip', () => inDirectory(zip({ 'set/b': evil }), 20, () => 1000), /of \d+|ize/],
  [
    'another CRC',
    'zip',
    () => inDirectory(zip({ 'set/b': evil }), 16, (old) => old ^ 1),
    /set\/b with a wrong checksum/,
  ],
  ['no folder of the name', 'zip', () => zipSync({ set: evil }), /got none/],
  ['the same file twice', 'tar.gz', () => tar([good, { path: 'set', text: 'x' }]), /got/],
]

describe('unpack', () => {
  it('makes files and folders', async () => {
    for (const [kind, bytes] of [
      ['zip', zip({ 'set/deep/two.txt': Buffer.from('two') })],
      [
        'tar.gz',
        tar([{ path: 'set/', type: 'Directory', mode: 0o755 }, good, { path: 'set/deep/two.txt', text: 'two' }]),
      ],
    ] as const) {
      const folder = await unpacked(kind, bytes)
      expect(await readFile(join(folder, 'set/deep/two.txt'), 'utf8')).toBe('two')
      expect((await readdir(folder)).sort()).toEqual([`a.${kind}`, 'set'])
    }
  })

  it.each(bad)('refuses %s in a %s, and leaves nothing', async (_, kind, bytes, message) => {
    const error = await unpacked(kind, bytes()).catch((thrown: unknown) => thrown)
    expect(HabaError.is(error), String(error)).toBe(true)
    expect((error as Error).message).toMatch(message)
    expect((error as Error).message).toContain(`a.${kind}: expected an archive with the folder set, got `)
    expect(await readdir(join(root, `${number - 1}`, 'into'))).toEqual([`a.${kind}`])
    expect(await readdir(join(root, `${number - 1}`))).toEqual(['into'])
  })

  it('refuses a NUL that comes in a long name of a tar', async () => {
    const pax = Buffer.from(new Pax({ path: 'set/e\0vil', size: 0 }).encode())
    const bytes = gzipSync(Buffer.concat([pax, Buffer.alloc(512), Buffer.alloc(1024)]))
    await expect(unpacked('tar.gz', bytes)).rejects.toThrow(HabaError)
  })

  it('tells what went wrong first where it cannot clean up', async () => {
    broken.rm = true
    try {
      await expect(unpacked('zip', zip({ 'C:evil': evil }))).rejects.toThrow(/expected an archive with the folder set/)
    } finally {
      broken.rm = false
    }
  })

  it('does not take a full disk for a damaged archive', async () => {
    const folder = join(root, 'full')
    await mkdir(folder)
    await writeFile(join(folder, 'a.zip'), zip({}))
    broken.write = true
    try {
      await expect(unpack(join(folder, 'a.zip'), folder, 'set')).rejects.toThrow(
        /set\.part: expected to unpack .*a\.zip, got no space left on the disk \(ENOSPC\)\. The archive is kept\. Free some space\./,
      )
    } finally {
      broken.write = false
    }
  })
})
