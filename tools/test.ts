/** `npm test`: everything, the quickest to fail first. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './packages.js'
import { format, lint, runStages, types, unused, type Stage } from './stages.js'

const golden = process.env['GOLDEN_DIR'] ?? join(root, '../shared/golden')

const goldenStage: Stage = {
  title: 'golden',
  command: `npm run --silent golden -- "${golden}" --covered`,
  ...(existsSync(golden) ? {} : { absent: `there is no folder ${golden} (GOLDEN_DIR names another one)` }),
}

await runStages([
  format,
  lint,
  types,
  unused,
  { title: 'unit tests', command: 'vitest run' },
  { title: 'build', command: 'nx run-many -t build' },
  { title: 'built packages load in plain node', command: 'node tools/load-builds.js' },
  { title: 'packages as published', command: 'tsx tools/published.ts' },
  { title: 'code blocks of the documents', command: 'tsx tools/readme-blocks.ts' },
  goldenStage,
])
