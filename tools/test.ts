/** `npm test`: everything, the quickest to fail first. */
import { format, lint, runStages, types, unused } from './stages.js'

await runStages([
  format,
  lint,
  types,
  unused,
  { title: 'unit tests', command: 'vitest run' },
  { title: 'build', command: 'nx run-many -t build' },
  { title: 'built packages load in plain node', command: 'node tools/load-builds.js' },
  { title: 'packages as published', command: 'tsx tools/published.ts' },
  { title: 'code blocks of the documents, and examples', command: 'tsx tools/readme-blocks.ts' },
  { title: 'site', command: 'npm run --silent site' },
  { title: 'golden', command: 'npm run --silent golden' },
])
