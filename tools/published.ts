/** Packs every package as npm would publish it, and lets publint and "are the types wrong" read the result. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
  execFileSync('npm', ['pack', '--workspaces', '--silent', '--pack-destination', folder], { cwd: root, stdio: 'pipe' })
  const tarballs = readdirSync(folder).sort()
  const found = tarballs.flatMap((tarball) => failures(join(folder, tarball)))
  for (const text of found) console.log(text)
  console.log(`${tarballs.length} packages read, ${found.length} complaints`)
  process.exitCode = found.length > 0 ? 1 : 0
} finally {
  rmSync(folder, { recursive: true })
}
