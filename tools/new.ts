/** `npm run new -- objective moment-matching`: the files that a new objective consists of. */
import { execFileSync } from 'node:child_process'
import { newObjective } from './new/objective.js'
import { root } from './packages.js'

const [kind, name] = process.argv.slice(2)
if (kind !== 'objective' || name === undefined) {
  console.error('Say what and its name: npm run new -- objective moment-matching')
  process.exit(1)
}

const written = newObjective(root, name)
execFileSync('prettier', ['--write', '--log-level', 'warn', ...written], { cwd: root, stdio: 'inherit' })
console.log(`Written:
${written.map((path) => `  ${path}`).join('\n')}

It works as it is and compares mean features. Now:
  1. npx vitest --dir packages/matching ${name}
  2. change what it compares, in ${written[0]}, and say which paper and equation it is
  3. compute two values by hand for its test
  4. say in the changeset what it is good for
  5. npm run check`)
