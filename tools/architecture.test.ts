import { existsSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { imports, packageOf } from './imports.js'
import { packages, root, sources, type Manifest, type Package } from './packages.js'
import { undocumented } from './undocumented.js'

/** The middle of the star, and the one that puts the others together. */
const core = '@haba/core'
const composer = '@haba/cli'

const all = packages()
const read = (path: string) => readFileSync(path, 'utf8')
/** Tests, and what only they use. */
const isTest = (path: string) => /\.(test|fixture|test-data)\.ts$/.test(path)
const ours = (names: readonly string[]) => names.filter((name) => name.startsWith('@haba/'))
/** What a package may depend on: core on none of ours, the composer on all, everyone else on core. */
const allowed = ({ manifest: { name } }: Package) =>
  name === composer ? all.map(({ manifest }) => manifest.name) : name === core ? [core] : [name, core]

/** What its tests may use besides. */
const inTests = ({ manifest: { name } }: Package) => (name === composer ? /./ : /^@haba\/(core|testing|engine-.*)$/)

/** What a package's files import of ours, as "file: name", for the files that a rule picks. */
const imported = ({ path }: Package, pick: (file: string) => boolean) =>
  sources(join(path, 'src'))
    .filter(pick)
    .flatMap((file) =>
      ours(imports(read(file)).map((module) => packageOf(module) ?? '')).map((name) => ({
        file: relative(root, file),
        name,
      })),
    )

describe.each(all.map((one) => [one.manifest.name, one] as const))('%s', (name, one) => {
  const { path, manifest } = one

  it('depends on core and nothing else of ours', () => {
    const needed = { ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.optionalDependencies }
    expect(ours(Object.keys(needed)).filter((other) => !allowed(one).includes(other))).toEqual([])
    const tests = ours(Object.keys(manifest.devDependencies ?? {}))
    expect(tests.filter((other) => !inTests(one).test(other))).toEqual([])
  })

  it('imports core and nothing else of ours', () => {
    expect(imported(one, (file) => !isTest(file)).filter((found) => !allowed(one).includes(found.name))).toEqual([])
    expect(imported(one, isTest).filter((found) => found.name !== name && !inTests(one).test(found.name))).toEqual([])
  })

  it('declares what it imports', () => {
    const needed = [manifest.dependencies, manifest.peerDependencies, manifest.optionalDependencies]
    const declared = new Set([name, ...needed.flatMap((list) => Object.keys(list ?? {}))])
    expect(imported(one, (file) => !isTest(file)).filter((found) => !declared.has(found.name))).toEqual([])
  })

  it('is laid out like every other package', () => {
    const files = ['README.md', 'tsup.config.ts', 'src/index.ts']
    expect(files.filter((file) => !existsSync(join(path, file)))).toEqual([])
    expect(manifest.license).toBe('Apache-2.0')
    expect(manifest.files).toEqual(expect.arrayContaining(['dist', 'src', '!src/**/*.test*']))
    const unpublished = sources(join(path, 'src')).filter((file) => file.endsWith('.fixture.ts'))
    if (unpublished.length > 0) expect(manifest.files).toContain('!src/**/*.fixture*')
    expect(manifest.exports?.['.']).toMatchObject({ '@haba/source': './src/index.ts', default: './dist/index.js' })
    for (const conditions of Object.values(manifest.exports ?? {})) {
      if (typeof conditions === 'string') continue
      expect(Object.keys(conditions)).toEqual(['@haba/source', 'types', 'default'])
      expect(existsSync(join(path, conditions['@haba/source'] ?? ''))).toBe(true)
    }
  })

  it('lists its exports name by name', () => {
    expect(read(join(path, 'src/index.ts'))).not.toMatch(/export \*/)
  })
})

describe('the repository', () => {
  it('documents every public export', () => {
    const entries = all.map(({ path }) => join(path, 'src/index.ts'))
    const lacking = [...undocumented(entries)].flatMap(([entry, names]) =>
      names.map((name) => `${relative(root, entry)}: ${name}`),
    )
    expect(lacking).toEqual([])
  }, 60_000)

  it('names no path of one machine and no registry', () => {
    const elsewhere = /["'`\s(=]\/(work|home|Users|root)\/|\bregistry\.[a-z]+\.[a-z]+/
    const files = [...all.map(({ path }) => path), join(root, 'tools')].flatMap(sources)
    const manifests = all.map(({ path }) => join(path, 'package.json'))
    expect(
      [...files, ...manifests].filter((file) => elsewhere.test(read(file))).map((file) => relative(root, file)),
    ).toEqual([])
  })

  it.each(['package-lock.json', 'tools/node-versions/package-lock.json'])('%s names no host', (lock) => {
    expect(read(join(root, lock)).match(/"resolved": "[a-z]+:.*"/g)).toBeNull()
  })

  it('locks the native parts of every platform, or `npm ci` refuses the lock', () => {
    const { packages } = JSON.parse(read(join(root, 'package-lock.json'))) as { packages: Record<string, Manifest> }
    const locked = new Set(Object.keys(packages).map((path) => path.replace(/^.*node_modules\//, '')))
    const wanted = Object.values(packages).flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}))
    expect(wanted.filter((name) => !locked.has(name))).toEqual([])
  })
})
