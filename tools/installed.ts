/**
 * Installs what a release would publish, as people do, and uses it: every entry is imported by plain Node and read by
 * TypeScript, the program of the README runs, the command line begins. Arguments name the ways to install; all by default.
 *
 * Types are checked strictly, those of dependencies too, but for the files of TensorFlow.js, which have mistakes of their own.
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename, join } from 'node:path'
import { tmpdir } from 'node:os'
import { manifestOf, packAll } from './pack.js'
import { packages, root } from './packages.js'

const binary = (name: string) => join(root, 'node_modules/.bin', name)

/** How to install, and what `.npmrc` says besides. */
const ways: Readonly<Record<string, { readonly command: readonly string[]; readonly npmrc: string }>> = {
  npm: { command: ['npm', 'install', '--no-audit', '--no-fund'], npmrc: '' },
  pnpm: { command: [binary('pnpm'), 'install'], npmrc: '' },
  'pnpm-apart': { command: [binary('pnpm'), 'install'], npmrc: 'hoist=false\n' },
}

/** Serves tarballs as a registry does. Everything else comes from where it always does: `@haba:registry` is for our scope only. */
async function serve(tarballs: readonly string[]) {
  const all = await Promise.all(tarballs.map(async (path) => ({ path, manifest: await manifestOf(path) })))
  const server = createServer((request, response) => {
    const asked = decodeURIComponent(request.url!.slice(1))
    const { port } = server.address() as AddressInfo
    const file = all.find(({ path }) => asked === `files/${basename(path)}`)
    const found = all.find(({ manifest }) => manifest.name === asked)
    if (file) return void response.end(readFileSync(file.path))
    if (!found) return void response.writeHead(404).end()
    const { version } = found.manifest
    const integrity = `sha512-${createHash('sha512').update(readFileSync(found.path)).digest('base64')}`
    const dist = { tarball: `http://127.0.0.1:${port}/files/${basename(found.path)}`, integrity }
    const versions = { [version]: { ...found.manifest, dist } }
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ name: asked, 'dist-tags': { latest: version }, versions }))
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close: () => server.close() }
}

/** Every entry of every package, by its name. */
const entries = packages().flatMap(({ manifest }) =>
  Object.keys(manifest.exports ?? {})
    .filter((path) => path !== './package.json')
    .map((path) => path.replace('.', manifest.name)),
)
const versionsOf = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly devDependencies: Readonly<Record<string, string>>
}
const third = ['@tensorflow/tfjs-core', '@types/node', 'typescript', 'vitest']

/** The program of the README that needs nothing else. */
const readme = /^```ts\n([\s\S]*?)^```$/m.exec(readFileSync(join(root, 'README.md'), 'utf8'))![1]!

function prepare(folder: string, npmrc: string): void {
  const ours = packages().map(({ manifest }) => [manifest.name, '*'] as const)
  const others = third.map((name) => [name, versionsOf.devDependencies[name]!] as const)
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text)
  write(
    'package.json',
    JSON.stringify({ private: true, type: 'module', dependencies: Object.fromEntries([...ours, ...others]) }),
  )
  write('.npmrc', npmrc)
  write(
    'all.ts',
    `${entries.map((name, i) => `import * as p${i} from '${name}'`).join('\n')}\nexport const all = [${entries.map((_, i) => `p${i}`).join(', ')}]\n`,
  )
  write('readme.ts', readme)
  // Matchers of vitest load only inside of it.
  const loaded = entries.filter((name) => name !== '@haba/testing')
  write('load.js', `${loaded.map((name) => `await import('${name}')`).join('\n')}\n`)
}

const options = (moduleResolution: string, module: string) => [
  ...['--strict', '--noUncheckedIndexedAccess', '--skipLibCheck', 'false', '--target', 'es2022', '--types', 'node'],
  ...['--module', module, '--moduleResolution', moduleResolution, '--outDir', 'out', 'all.ts', 'readme.ts'],
]

/** Resolves once everything is installed; this process serves meanwhile. */
const install = ([program = '', ...args]: readonly string[], cwd: string) =>
  new Promise<void>((done, failed) => {
    const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()))
    child.on('close', (code) => (code === 0 ? done() : failed(new Error(text))))
  })

/** What goes wrong in the steps after the installation, as text. */
function complaints(folder: string): readonly string[] {
  const run = (title: string, command: string, args: readonly string[], wrong = (text: string) => text) => {
    const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, encoding: 'utf8' })
    const text = status === 0 ? '' : wrong(`${stdout}${stderr}`)
    return text === '' && (status === 0 || title.startsWith('types')) ? [] : [`${title}:\n${text}`]
  }
  const notTfjs = (text: string) =>
    text
      .split('\n')
      .filter((line) => /error TS/.test(line) && !line.includes('@tensorflow'))
      .join('\n')
  const tsc = join(folder, 'node_modules/typescript/bin/tsc')
  return [
    ...run('types, bundler', process.execPath, [tsc, ...options('bundler', 'esnext')], notTfjs),
    ...run('types, nodenext', process.execPath, [tsc, ...options('nodenext', 'nodenext')], notTfjs),
    ...run('every entry in plain node', process.execPath, ['load.js']),
    ...run("the README's program", process.execPath, ['out/readme.js']),
    ...run('haba init', join(folder, 'node_modules/.bin/haba'), ['init', 'quick']),
    ...run('haba budget', join(folder, 'node_modules/.bin/haba'), ['budget', 'quick.json']),
  ]
}

const folder = mkdtempSync(join(tmpdir(), 'haba-installed-'))
const tarballs = join(folder, 'tarballs')
mkdirSync(tarballs)
const registry = await serve(await packAll(tarballs, [`${process.platform}/${process.arch}`]))
let failed = 0
try {
  const named = process.argv.slice(2)
  for (const way of named.length > 0 ? named : Object.keys(ways)) {
    const { command, npmrc } = ways[way]!
    const place = join(folder, way)
    mkdirSync(place)
    prepare(place, `@haba:registry=${registry.url}\n${npmrc}`)
    const found = await install(command, place).then(
      () => complaints(place),
      (error: unknown) => [`installation: ${String(error)}`],
    )
    for (const text of found) console.log(`${way}, ${text}`)
    console.log(`${found.length === 0 ? '✓' : '✗'} ${way}`)
    failed += found.length
  }
} finally {
  registry.close()
  rmSync(folder, { recursive: true })
}
process.exitCode = failed > 0 ? 1 : 0
