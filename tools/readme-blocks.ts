/**
 * Runs the code blocks of the documents and the examples: `ts` from source in an empty folder, `sh` from the root of the repository.
 * A block opened with "no-run" after its language is shown only; the last lines say how many those are.
 * Arguments name documents and examples; all of them by default.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join, relative } from 'node:path'
import { packages, root } from './packages.js'

interface Block {
  /** The document and the line of the fence, as an editor takes it. */
  readonly place: string
  readonly language: 'ts' | 'sh'
  readonly shown: boolean
  readonly code: string
}

const binaries = join(root, 'node_modules/.bin')
/** Inside the repository, so that packages are found by their names. */
const workshop = join(root, 'node_modules/.cache/readme-blocks')

const documents = () =>
  [
    ...['README.md', 'README.zh-CN.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md'].map((name) => join(root, name)),
    ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md') && !name.startsWith('api'))
      .map((name) => join(root, 'docs', name)),
    ...packages().map(({ path }) => join(path, 'README.md')),
  ].filter((path) => existsSync(path))

const examples = () => readdirSync(join(root, 'examples')).map((name) => join(root, 'examples', name))

function blocks(document: string): readonly Block[] {
  const text = readFileSync(document, 'utf8')
  if (document.endsWith('.ts')) return [{ place: relative(root, document), language: 'ts', shown: false, code: text }]
  return [...text.matchAll(/^```(ts|sh)\b([^\n]*)\n([\s\S]*?)^```$/gm)].map((match) => ({
    place: `${relative(root, document)}:${text.slice(0, match.index).split('\n').length}`,
    language: match[1] as Block['language'],
    shown: match[2]?.trim() === 'no-run',
    code: match[3] ?? '',
  }))
}

/** The file of a `ts` block: a module wherever it lies, hence the ending. */
const fileOf = ({ place }: Block) => join(workshop, `${place.replaceAll(/[^\w]+/g, '-')}.mts`)

const commandOf = (block: Block) =>
  block.language === 'sh'
    ? ['bash', '-euo', 'pipefail', '-c', block.code]
    : ['tsx', '--conditions=@haba/source', fileOf(block)]

/** Resolves to what went wrong, or to nothing. */
function failure([program = '', ...args]: readonly string[], cwd: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const env = { ...process.env, PATH: [binaries, process.env['PATH']].join(delimiter) }
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()))
    child.on('close', (code) => resolve(code === 0 ? undefined : text))
  })
}

async function run(block: Block): Promise<string | undefined> {
  const empty = mkdtempSync(join(tmpdir(), 'haba-block-'))
  const text = await failure(commandOf(block), block.language === 'sh' ? root : empty)
  rmSync(empty, { recursive: true })
  return text
}

/** The compiler reads what the reader reads: an example must not only run, its types must hold. */
function checkTypes(): Promise<string | undefined> {
  const options = {
    extends: join(root, 'tsconfig.base.json'),
    compilerOptions: { noUnusedLocals: false },
    include: ['*.mts'],
    exclude: [],
  }
  writeFileSync(join(workshop, 'tsconfig.json'), JSON.stringify(options))
  return failure(['tsc', '--project', workshop], root)
}

const named = process.argv.slice(2).map((name) => join(root, name))
const found = (named.length > 0 ? named : [...documents(), ...examples()]).flatMap(blocks)
const runnable = found.filter(({ shown }) => !shown)
const queue = [...runnable]
const failed: string[] = []
const report = (place: string, text: string | undefined) => {
  console.log(`${text === undefined ? '✓' : '✗'} ${place}`)
  if (text !== undefined) failed.push(`${place}\n${text}`)
}
const worker = async () => {
  for (let block = queue.shift(); block; block = queue.shift()) report(block.place, await run(block))
}

rmSync(workshop, { recursive: true, force: true })
mkdirSync(workshop, { recursive: true })
const typed = runnable.filter(({ language }) => language === 'ts')
for (const block of typed) writeFileSync(fileOf(block), block.code)
if (typed.length > 0) report('types of all ts blocks', await checkTypes())
await Promise.all([worker(), worker()])
for (const text of failed) console.log(`\n${text}`)
console.log(`${found.length - runnable.length} blocks are shown only`)
console.log(`${runnable.length + (typed.length > 0 ? 1 : 0) - failed.length} passed, ${failed.length} failed`)
process.exitCode = failed.length > 0 ? 1 : 0
