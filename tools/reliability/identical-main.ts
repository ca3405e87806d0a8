/** `npm run identical`: whether jobs leave the same bytes on other versions of Node.js and with other numbers of threads. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { root } from '../packages.js'
import { writeInputs } from './chaos-jobs.js'
import { record } from './record.js'

/** A job on one version of Node.js, with so many threads. */
export interface IdenticalResult {
  readonly job: string
  readonly node: string
  readonly threads: number
  /** SHA-256 of what was computed, by file. */
  readonly hashes: Readonly<Record<string, string>>
}

/** Other files name the versions that wrote them. */
const computed = ['set.safetensors', 'checkpoint.safetensors', 'metrics.jsonl', 'grid.png', 'result.json']

const versions = join(root, 'tools/node-versions')
execFileSync('npm', ['ci', '--silent'], { cwd: versions, stdio: 'inherit' })
const binaries = [20, 22, 24].map((major) =>
  join(versions, 'node_modules', `${process.platform}-${process.arch}-${major}`, 'bin/node'),
)
const main = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url))

const folder = mkdtempSync(join(tmpdir(), 'haba-identical-'))
await writeInputs(folder)
const read = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as object
const configs = {
  'HaBa on made-up images': read(join(folder, 'haba.json')),
  'recipes/quick.json (MNIST)': read(join(root, 'recipes/quick.json')),
}
const results: IdenticalResult[] = []
const runs = Object.entries(configs).flatMap(([job, config]) =>
  binaries.flatMap((node) => [1, 2].map((threads) => ({ job, config, node, threads }))),
)
for (const { job, config, node, threads } of runs) {
  const name = `${results.length}`
  writeFileSync(join(folder, `${name}.json`), JSON.stringify({ ...config, engine: { use: 'onnx', threads } }))
  const flags = ['--conditions=@haba/source', '--import', import.meta.resolve('tsx'), main]
  execFileSync(node, [...flags, 'distill', `${name}.json`, '--out', name], { cwd: folder, stdio: 'ignore' })
  const hash = (file: string) =>
    createHash('sha256')
      .update(readFileSync(join(folder, name, file)))
      .digest('hex')
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()
  results.push({ job, node: version, threads, hashes: Object.fromEntries(computed.map((file) => [file, hash(file)])) })
  console.log(`${job}, Node ${version}, ${threads} threads: ${results.at(-1)!.hashes['set.safetensors']!.slice(0, 12)}`)
}
rmSync(folder, { recursive: true })
await record('identical', results)
