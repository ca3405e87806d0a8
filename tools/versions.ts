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

/** Of the tests, those to run: killing processes and damaging files takes minutes, which `npm test` spends once. */
const which = values.all ? "--exclude 'tools/fuzz/**' --exclude 'tools/reliability/**'" : 'packages'

// The binaries are large, so they are fetched when this runs and not by `npm ci` at the root.
execFileSync('npm', ['ci', '--silent'], { cwd: folder, stdio: 'inherit' })

await runStages(
  majors.flatMap((major) => {
    const node = join(folder, 'node_modules', `${process.platform}-${process.arch}-${major}`, 'bin')
    return [
      { title: `Node ${major} answers`, node, command: `node --print process.version | grep '^v${major}\\.'` },
      { title: `Node ${major}: unit tests`, node, command: `vitest run ${which}` },
      {
        title: `Node ${major}: a short job`,
        node,
        command: `tsx --conditions=@haba/source packages/cli/src/main.ts distill ${recipe}`,
        ...(existsSync(join(root, recipe)) ? {} : { absent: `there is no ${recipe}` }),
      },
    ]
  }),
)
