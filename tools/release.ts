/**
 * `npm run release`: builds, packs, reads the tarballs with publint and "are the types wrong", installs them, and publishes those
 * whose version is not there yet. `--dry-run` ends before anything is published, and says what would be.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { manifestOf, packAll } from './pack.js'
import { packages, root } from './packages.js'

const dryRun = process.argv.includes('--dry-run')
const run = (command: string, ...args: readonly string[]) =>
  execFileSync(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, NX_DAEMON: 'false' } })

if (!dryRun && packages().some(({ manifest }) => manifest.repository?.url.includes('OWNER')))
  throw new Error(
    'release: expected the address of the repository in every package.json, got one of OWNER. Replace it.',
  )

run('npm', 'run', 'build')
run('node', 'tools/load-builds.js')
run('npx', 'tsx', 'tools/published.ts')
run('npx', 'tsx', 'tools/installed.ts')

const folder = mkdtempSync(join(tmpdir(), 'haba-release-'))
try {
  for (const tarball of await packAll(folder)) {
    const { name, version } = await manifestOf(tarball)
    const there = spawnSync('npm', ['view', `${name}@${version}`, 'version'], { encoding: 'utf8' }).stdout.trim()
    if (there === version) console.log(`${name} ${version} is there`)
    else if (dryRun) console.log(`${name} ${version} would be published`)
    else run('npm', 'publish', tarball)
  }
  if (!dryRun) run('npx', 'changeset', 'tag')
} finally {
  rmSync(folder, { recursive: true })
}
