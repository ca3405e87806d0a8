/** Packs every package as npm would publish it, and lets publint and "are the types wrong" read the result. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { carrier, packAll } from './pack.js'
import { root } from './packages.js'

const folder = mkdtempSync(join(tmpdir(), 'haba-packed-'))

const failures = (tarball: string) =>
  [
    ['publint', tarball, '--strict'],
    ['attw', tarball, '--profile', 'esm-only', '--no-color'],
  ].flatMap(([tool = '', ...args]) => {
    const { status, stdout, stderr } = spawnSync(tool, args, { cwd: root, encoding: 'utf8' })
    return status === 0 ? [] : [`${tool}: ${stdout}${stderr}`]
  })

try {
  const theirs = carrier.replace('@', '').replace('/', '-')
  const tarballs = (await packAll(folder, [])).filter((path) => !basename(path).startsWith(theirs))
  const found = tarballs.flatMap(failures)
  for (const text of found) console.log(text)
  console.log(`${tarballs.length} packages read, ${found.length} complaints`)
  process.exitCode = found.length > 0 ? 1 : 0
} finally {
  rmSync(folder, { recursive: true })
}
