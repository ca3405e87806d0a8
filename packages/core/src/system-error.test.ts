import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { HabaError } from './errors.js'
import { systemCode, systemError } from './system-error.js'
import { openLines, readWhole, writeWhole } from './write-whole.js'

let folder: string
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'haba-system-'))))

const refused = (code: string) => Object.assign(new Error(`${code}: raw`), { code, syscall: 'write' })

describe('an error of the system', () => {
  it.each([
    [
      'ENOSPC',
      /a\.json: expected to write it, got no space left on the disk \(ENOSPC\)\. It is kept\. Free some space\./,
    ],
    ['EROFS', /read-only file system \(EROFS\)\. It is kept\. Choose a writable folder\./],
    ['EACCES', /no permission \(EACCES\)/],
    ['EPERM', /no permission \(EPERM\)/],
    ['EMFILE', /too many open files \(EMFILE\)\. It is kept\. Raise the limit/],
    ['EWEIRD', /got EWEIRD: raw \(EWEIRD\)/],
  ])('is told with the file, what is safe and what to do: %s', (code, message) => {
    const told = systemError(refused(code), 'a.json', 'to write it', 'It is kept.')
    expect(HabaError.is(told)).toBe(true)
    expect((told as HabaError).message).toMatch(message)
    expect(systemCode((told as HabaError).cause)).toBe(code)
  })

  it('is not made of other errors', () => {
    const other = new TypeError('x')
    expect(systemError(other, 'a', 'to read it')).toBe(other)
    expect(systemCode(undefined)).toBeUndefined()
  })
})

describe('files', () => {
  it('name what is gone, when they are written, appended to and read', async () => {
    const gone = join(folder, 'gone/a')
    const message = /gone\/a: expected to (write|append to|read) it, got no such file or folder/
    await expect(writeWhole(gone, 'x')).rejects.toThrow(message)
    await expect(openLines(gone)).rejects.toThrow(message)
    await expect(readWhole(gone)).rejects.toThrow(message)
  })

  it('keep what they held where they cannot be written', async () => {
    await writeFile(join(folder, 'a'), 'kept')
    // Not even root can replace a folder by a file.
    await mkdir(join(folder, 'b/c'), { recursive: true })
    await expect(writeWhole(join(folder, 'b'), 'x')).rejects.toThrow(HabaError)
    await rm(join(folder, 'b'), { recursive: true })
    expect(await readFile(join(folder, 'a'), 'utf8')).toBe('kept')
  })
})
