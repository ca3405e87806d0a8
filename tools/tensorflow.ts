/**
 * `npm run tensorflow -- [DIR]`: sets TensorFlow up in an empty temporary folder (or in DIR, which is kept) as users do,
 * and tests its engine: the conformance suite and the golden cases.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { root } from './packages.js'
import { runStages } from './stages.js'

const [kept] = process.argv.slice(2)
const folder = kept === undefined ? mkdtempSync(join(tmpdir(), 'haba-tensorflow-')) : resolve(kept)
process.env['HABA_TENSORFLOW'] = folder
try {
  const setup = `node "${join(root, 'packages/engine-tensorflow/bin/haba-setup-tensorflow.js')}"`
  await runStages([
    { title: 'set up', command: setup },
    { title: 'set up again: nothing to do', command: `${setup} --check` },
    { title: 'conformance suite', command: 'vitest run packages/engine-tensorflow' },
    { title: 'golden cases', command: 'npm run --silent golden -- --engine tensorflow' },
  ])
} finally {
  if (kept === undefined) rmSync(folder, { recursive: true, force: true })
}
