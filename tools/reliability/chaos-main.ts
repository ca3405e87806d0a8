/** `npm run chaos -- --kills 100`: what commands leave when their processes are killed. */
import { execFileSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { root } from '../packages.js'
import { chaos } from './chaos.js'
import { record } from './record.js'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    job: { type: 'string', multiple: true },
    'no-renames': { type: 'boolean', default: false },
  },
})
// Built programs start several times as fast as sources.
execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
const results = await chaos({
  program: 'built',
  kills: Number(values.kills),
  seed: Number(values.seed),
  renames: !values['no-renames'],
  ...(values.job && { only: values.job }),
  say: (text) => console.log(text),
})
// A part of it is not the record of the whole.
if (!values.job && !values['no-renames']) await record('chaos', results)
process.exitCode = results.some(({ lost }) => lost.length > 0) ? 1 : 0
