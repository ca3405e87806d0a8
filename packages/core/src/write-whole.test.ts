import { mkdtemp, readdir, readFile, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { openLines, removeStalePartials, writeWhole } from './write-whole.js'

let folder: string
const at = (name: string) => join(folder, name)
const text = (name: string) => readFile(at(name), 'utf8')

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haba-write-'))
})

describe('writeWhole', () => {
  it('writes text, bytes and parts, and leaves nothing beside them', async () => {
    await writeWhole(at('a'), 'old')
    await writeWhole(at('a'), 'text')
    await writeWhole(at('b'), Uint8Array.of(104, 105))
    await writeWhole(at('c'), [Uint8Array.of(104), Uint8Array.of(105)])
    expect([await text('a'), await text('b'), await text('c')]).toEqual(['text', 'hi', 'hi'])
    expect(await readdir(folder)).toEqual(['a', 'b', 'c'])
  })

  it('lets two writers of one file finish: each has a temporary file of its own', async () => {
    const texts = Array.from({ length: 20 }, (_, i) => `${i}`.repeat(100_000))
    await Promise.all(texts.map((one) => writeWhole(at('a'), one)))
    expect(texts).toContain(await text('a'))
    expect(await readdir(folder)).toEqual(['a'])
  })

  it('replaces a link and leaves what it leads to, and follows none that waits at a temporary name', async () => {
    await writeFile(at('outside'), 'kept')
    await symlink(at('outside'), at('a'))
    await symlink(at('outside'), at('a.partial'))
    await writeWhole(at('a'), 'new')
    expect([await text('a'), await text('outside')]).toEqual(['new', 'kept'])
  })

  it('finds what killed writers left of a file, once it is an hour old, and of that file alone', async () => {
    for (const name of ['a.1.partial', 'a.2.partial', 'ab.3.partial', 'a']) await writeFile(at(name), 'x')
    const before = new Date(Date.now() - 2 * 3_600_000)
    for (const name of ['a.1.partial', 'ab.3.partial', 'a']) await utimes(at(name), before, before)
    await removeStalePartials(at('a'))
    expect(await readdir(folder)).toEqual(['a', 'a.2.partial', 'ab.3.partial'])
  })

  it('leaves the old file, and nothing half-written, where it fails', async () => {
    await writeFile(at('a'), 'kept')
    const broken = [Uint8Array.of(1), 7 as unknown as Uint8Array]
    await expect(writeWhole(at('a'), broken)).rejects.toThrow()
    expect([await text('a'), await readdir(folder)]).toEqual(['kept', ['a']])
  })
})

describe('openLines', () => {
  it.each([
    ['', 'c\n'],
    ['a\nb\n', 'a\nb\nc\n'],
    ['a\nhalf of', 'a\nc\n'],
    ['half of', 'c\n'],
    [`a\n${'x'.repeat(200_000)}`, 'a\nc\n'],
  ])('cuts a torn last line before it appends', async (before, after) => {
    await writeFile(at('log'), before)
    const lines = await openLines(at('log'))
    await lines.append('c\n')
    await lines.sync()
    await lines.close()
    expect(await text('log')).toBe(after)
  })

  it('makes the file, and follows no link', async () => {
    const lines = await openLines(at('log'))
    await lines.append('a\n')
    await lines.close()
    expect(await text('log')).toBe('a\n')
    await writeFile(at('outside'), '')
    await symlink(at('outside'), at('link'))
    await expect(openLines(at('link'))).rejects.toThrow('ELOOP')
    expect((await stat(at('outside'))).size).toBe(0)
  })
})
