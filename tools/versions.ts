/**
 * `npm run versions`: the packages' tests and a short main job on every other Node version that we support. With `--all` also on this
 * version, and with the tests of tools and benchmarks.
 */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { root } from './packages.js'
import { runStages } from './stages.js'

const { values } = parseArgs({ options: { all: { type: 'boolean', default: false } } })
const here = Number(process.versions.node.split('.')[0])
const majors = [20, 22, 24].filter((major) => values.all || major !== here)
const folder = join(root, 'tools/node-versions')
/** A recipe that takes seconds. */
const recipe = 'recipes/quick.json'

/** Packages that depend on what Node itself does: files, archives, native code, processes. */
const dependent = ['core', 'datasets', 'distill', 'engine-onnx', 'report', 'cli/src/toy-run']

/**
 * The tests that a version runs: those of all packages on the newest, of some on one in between. Killing processes and damaging
 * files takes minutes, which `npm test` spends once.
 */
const testsOn = (major: number) =>
  values.all
    ? "--exclude 'tools/fuzz/**' --exclude 'tools/reliability/**'"
    : major === majors.at(-1)
      ? 'packages'
      : dependent.map((folder) => `packages/${folder}`).join(' ')

// The binaries are large, so they are fetched when this runs and not by `npm ci` at the root.
execFileSync('npm', ['ci', '--silent'], { cwd: folder, stdio: 'inherit' })

await runStages(
  majors.flatMap((major) => {
    const node = join(folder, 'node_modules', `${process.platform}-${process.arch}-${major}`, 'bin')
    return [
      { title: `Node ${major} answers`, node, command: `node --print process.version | grep '^v${major}\\.'` },
      { title: `Node ${major}: unit tests`, node, command: `vitest run ${testsOn(major)}` },
      {
        title: `Node ${major}: a short job`,
        node,
        command: `tsx --conditions=@haba/source packages/cli/src/main.ts distill ${recipe}`,
        ...(existsSync(join(root, recipe)) ? {} : { absent: `there is no ${recipe}` }),
      },
    ]
  }),
)
