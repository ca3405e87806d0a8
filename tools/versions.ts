/** `npm run versions`: the unit tests and a short main job on every Node that we support. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './packages.js'
import { runStages } from './stages.js'

const majors = [20, 22, 24]
const folder = join(root, 'tools/node-versions')
/** A recipe that takes seconds. */
const recipe = 'recipes/quick.json'

/** Killing processes and damaging files take minutes, and do so once, in `npm test`. */
const once = "--exclude 'tools/fuzz/**' --exclude 'tools/reliability/**'"

// The binaries are large, so they are fetched when this runs and not by `npm ci` at the root.
execFileSync('npm', ['ci', '--silent'], { cwd: folder, stdio: 'inherit' })

await runStages(
  majors.flatMap((major) => {
    const node = join(folder, 'node_modules', `${process.platform}-${process.arch}-${major}`, 'bin')
    return [
      { title: `Node ${major} answers`, node, command: `node --print process.version | grep '^v${major}\\.'` },
      { title: `Node ${major}: unit tests`, node, command: `vitest run ${once}` },
      {
        title: `Node ${major}: a short job`,
        node,
        command: `tsx --conditions=@haba/source packages/cli/src/main.ts distill ${recipe}`,
        ...(existsSync(join(root, recipe)) ? {} : { absent: `there is no ${recipe}` }),
      },
    ]
  }),
)
