/**
 * `npm run sizes`: writes `docs/sizes.md`, how large each package is as a tarball and once installed, alone and with all that it
 * needs. Reads what is built and installed here; of native parts that is this platform's.
 */
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { list } from 'tar'
import { installed } from './licenses.js'
import { manifestOf, packAll } from './pack.js'
import { packages, root } from './packages.js'

const megabytes = (bytes: number) =>
  bytes < 950_000 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`

async function unpacked(tarball: string): Promise<number> {
  let bytes = 0
  await list({ file: tarball, onReadEntry: (entry) => void (bytes += entry.size) })
  return bytes
}

/** The bytes of a package's files here, without packages inside of it. */
function onDisk(place: string): number {
  return readdirSync(join(root, place), { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules')
    .map((entry) => {
      const path = join(place, entry.name)
      return entry.isDirectory() ? onDisk(path) : entry.isFile() ? statSync(join(root, path)).size : 0
    })
    .reduce((sum, bytes) => sum + bytes, 0)
}

/** Absent where it is another platform's. */
const sizeHere = (place: string) => (statSync(join(root, place), { throwIfNoEntry: false }) ? onDisk(place) : 0)

/** The folders of a package of ours and of those that it needs, however far. */
function withOurs(folder: string, found = new Set<string>()): ReadonlySet<string> {
  if (found.has(folder)) return found
  found.add(folder)
  const { dependencies = {} } = packages().find((one) => one.folder === folder)!.manifest
  for (const { folder: other, manifest } of packages()) if (dependencies[manifest.name]) withOurs(other, found)
  return found
}

const folder = mkdtempSync(join(tmpdir(), 'haba-sizes-'))
try {
  const own = new Map<string, { readonly packed: number; readonly unpacked: number }>()
  for (const tarball of await packAll(folder))
    own.set((await manifestOf(tarball)).name, { packed: statSync(tarball).size, unpacked: await unpacked(tarball) })
  const lines = packages().map(({ folder, manifest: { name } }) => {
    const ours = [...withOurs(folder)]
    const needed = installed(ours).filter((one) => !one.name.startsWith('@haba/'))
    const sizes = [
      ...ours.map((one) => own.get(`@haba/${one}`)!.unpacked),
      ...needed.map(({ place }) => sizeHere(place)),
    ]
    const total = sizes.reduce((sum, bytes) => sum + bytes, 0)
    const cells = [
      `\`${name}\``,
      megabytes(own.get(name)!.packed),
      megabytes(own.get(name)!.unpacked),
      megabytes(total),
    ]
    return `| ${cells.join(' | ')} | ${sizes.length} |`
  })
  const runtime = own.get('@haba/onnxruntime-node')!
  const text = `# Sizes of the packages

As a tarball, unpacked, and with everything that comes along, peers included (${process.platform}, ${process.arch}). \`npm run build && npm run sizes\`
writes this page.

| package | tarball | unpacked | with what it needs | packages in all |
| ------- | ------- | -------- | ------------------ | ---------------- |
${lines.join('\n')}

Most of the command line is onnxruntime, whose package holds the binaries of five platforms: ${megabytes(runtime.packed)}, unpacked ${megabytes(runtime.unpacked)}
(\`@haba/onnxruntime-node\`, [decision 10](decisions/0010-install.md)).
`
  const path = join(root, 'docs/sizes.md')
  writeFileSync(path, await format(text, { ...(await resolveConfig(path)), filepath: path }))
} finally {
  rmSync(folder, { recursive: true })
}
