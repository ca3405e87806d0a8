import { existsSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { circles, imports, importsAmong, packageOf } from './imports.js'
import { packages, root, sources, type Manifest, type Package } from './packages.js'
import { undocumented } from './undocumented.js'

/** The middle of the star, and the one that puts the others together. */
const core = '@haba/core'
const composer = '@haba/cli'

const all = packages()
const home = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest
const read = (path: string) => readFileSync(path, 'utf8')
/** Tests, and what only they use. */
const isTest = (path: string) => /\.(test|fixture|test-data)\.ts$/.test(path)
const ours = (names: readonly string[]) => names.filter((name) => name.startsWith('@haba/'))
/** What a package may depend on: core on none of ours, the composer on all, everyone else on core. */
const allowed = ({ manifest: { name } }: Package) =>
  name === composer ? all.map(({ manifest }) => manifest.name) : name === core ? [core] : [name, core]

/** What its tests may use besides. */
const inTests = ({ manifest: { name } }: Package) => (name === composer ? /./ : /^@haba\/(core|testing|engine-.*)$/)

/** The packages that a package's files import, types included, with the file, for the files that a rule picks. */
const needs = ({ path }: Package, pick: (file: string) => boolean) =>
  sources(join(path, 'src'))
    .filter(pick)
    .flatMap((file) =>
      imports(read(file))
        .filter((module) => !isBuiltin(module))
        .flatMap((module) => packageOf(module) ?? [])
        .map((name) => ({ file: relative(root, file), name })),
    )

/** Those of ours. */
const imported = (one: Package, pick: (file: string) => boolean) =>
  needs(one, pick).filter(({ name }) => name.startsWith('@haba/'))

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
    expect(needs(one, (file) => !isTest(file)).filter((found) => !declared.has(found.name))).toEqual([])
    const inTests = new Set([...declared, ...Object.keys({ ...home.devDependencies, ...manifest.devDependencies })])
    if (name !== composer && name !== core)
      expect(needs(one, isTest).filter((found) => !inTests.has(found.name))).toEqual([])
  })

  it('shares TensorFlow.js with whoever uses it', () => {
    const shared = (names: object = {}) => Object.keys(names).filter((other) => other.startsWith('@tensorflow/'))
    expect(shared({ ...manifest.dependencies, ...manifest.optionalDependencies })).toEqual([])
    const optional = Object.keys(manifest.peerDependenciesMeta ?? {})
    const peers = shared(manifest.peerDependencies).filter((other) => !optional.includes(other))
    expect(shared(manifest.devDependencies)).toEqual(expect.arrayContaining(peers))
  })

  it('says where it comes from and under which license', () => {
    const { repository, homepage, bugs } = home
    expect(manifest).toMatchObject({ homepage, bugs })
    expect(manifest.repository).toEqual({ ...repository, directory: relative(root, path) })
    expect(manifest.keywords).toContain('dataset-distillation')
    expect(read(join(path, 'LICENSE'))).toBe(read(join(root, 'LICENSE')))
  })

  it('has a README that needs no other file of the repository', () => {
    const text = read(join(path, 'README.md'))
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)]*)\)/g)]
      .flatMap(([, link = '']) => link)
      .filter((link) => !manifest.files?.includes(link.split('/')[0]!))
    const paths = [...text.matchAll(/`((docs|recipes|bench|tools|packages)\/[^`]*)`/g)].map(([, name]) => name)
    expect([...links, ...paths]).toEqual([])
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

  it('has no circle of files, types included', () => {
    expect(circles(importsAmong(sources(join(path, 'src')))).map((file) => relative(path, file))).toEqual([])
  })

  it('lists its exports name by name', () => {
    expect(read(join(path, 'src/index.ts'))).not.toMatch(/export \*/)
  })
})

describe('the repository', () => {
  it('would find a circle', () => {
    const needs = { a: ['b'], b: ['c'], c: ['b', 'd'], d: [] }
    expect(circles(new Map(Object.entries(needs)))).toEqual(['b', 'c'])
  })

  it('has no command that imports another', () => {
    const commands = sources(join(root, 'packages/cli/src/commands')).filter((file) => !isTest(file))
    expect(commands.length).toBeGreaterThan(8)
    const found = [...importsAmong(commands)].filter(([, others]) => others.length > 0)
    expect(found.map(([file, others]) => [file, ...others].map((one) => relative(root, one)))).toEqual([])
  })

  it('documents every public export', () => {
    const entries = all.flatMap(({ path, manifest }) =>
      Object.values(manifest.exports ?? {}).flatMap((one) =>
        typeof one === 'string' ? [] : [join(path, one['@haba/source']!)],
      ),
    )
    const lacking = [...undocumented(entries)].flatMap(([entry, names]) =>
      names.map((name) => `${relative(root, entry)}: ${name}`),
    )
    expect(lacking).toEqual([])
  }, 180_000)

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
