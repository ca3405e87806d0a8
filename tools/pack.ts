/** Makes the tarballs that a release publishes: our packages as npm packs them, and onnxruntime without its install script. */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { create, extract, list } from 'tar'
import { root } from './packages.js'

interface Dependent {
  readonly name: string
  readonly version: string
  readonly dependencies?: Readonly<Record<string, string>>
}

/**
 * onnxruntime-node as it is, but for the script that fetches CUDA's libraries when it is installed on Linux for x64: without a
 * route to their host it fails, and the installation with it (docs/decisions/0010-install.md).
 */
export const carrier = '@haba/onnxruntime-node'

const runtime = join(root, 'node_modules/onnxruntime-node')

/**
 * Packs everything into a folder, and returns the paths of the tarballs.
 *
 * @param platforms whose binaries of onnxruntime are packed, such as `linux/x64`: to try things out @default all
 */
export async function packAll(folder: string, platforms?: readonly string[]): Promise<readonly string[]> {
  execFileSync('npm', ['pack', '--workspaces', '--silent', '--pack-destination', folder], { cwd: root, stdio: 'pipe' })
  for (const name of readdirSync(folder)) await throughAlias(join(folder, name))
  await packRuntime(folder, platforms)
  return readdirSync(folder)
    .sort()
    .map((name) => join(folder, name))
}

/** A dependency on onnxruntime-node becomes one on our copy, under the same name: npm's aliases. */
async function throughAlias(tarball: string): Promise<void> {
  const opened = await open(tarball)
  const { manifest } = opened
  const version = manifest.dependencies?.['onnxruntime-node']
  if (version === undefined) return rmSync(opened.folder, { recursive: true })
  const dependencies = { ...manifest.dependencies, 'onnxruntime-node': `npm:${carrier}@${version}` }
  await close(opened.folder, tarball, { ...manifest, dependencies })
}

async function packRuntime(folder: string, platforms?: readonly string[]): Promise<void> {
  const {
    scripts: _,
    devDependencies: __,
    ...manifest
  } = JSON.parse(readFileSync(join(runtime, 'package.json'), 'utf8')) as Dependent & {
    readonly scripts: unknown
    readonly devDependencies: unknown
  }
  const own = mkdtempSync(join(tmpdir(), 'haba-runtime-'))
  const keeps = (path: string) => {
    const [, platform] = /bin[\\/]napi-v\d+[\\/](\w+[\\/]\w+)/.exec(path) ?? []
    if (/libonnxruntime_providers_/.test(path)) return false
    return platform === undefined || (platforms?.includes(platform.replace('\\', '/')) ?? true)
  }
  cpSync(runtime, join(own, 'package'), { recursive: true, filter: keeps })
  cpSync(join(root, 'tools/onnxruntime'), join(own, 'package'), { recursive: true })
  await close(own, join(folder, `${carrier.replace('@', '').replace('/', '-')}-${manifest.version}.tgz`), {
    ...manifest,
    name: carrier,
    description: 'onnxruntime-node without its install script',
    publishConfig: { access: 'public' },
  })
}

/** A tarball in a folder of its own, and its package.json. */
async function open(tarball: string) {
  const folder = mkdtempSync(join(tmpdir(), 'haba-tarball-'))
  await extract({ file: tarball, cwd: folder })
  return { folder, manifest: JSON.parse(readFileSync(join(folder, 'package/package.json'), 'utf8')) as Dependent }
}

/** Packs a folder with another package.json, and removes it. */
async function close(folder: string, tarball: string, manifest: object): Promise<void> {
  writeFileSync(join(folder, 'package/package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  // As npm does: the same content makes the same bytes.
  await create({ gzip: true, portable: true, mtime: new Date(499162500000), cwd: folder, file: tarball }, ['package'])
  rmSync(folder, { recursive: true })
}

/** The package.json inside a tarball. */
export async function manifestOf(tarball: string): Promise<Dependent> {
  let text = ''
  await list({
    file: tarball,
    onReadEntry: (entry) => {
      if (entry.path === 'package/package.json') entry.on('data', (chunk: Buffer) => (text += chunk.toString()))
    },
  })
  return JSON.parse(text) as Dependent
}
