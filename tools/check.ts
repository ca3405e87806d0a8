/** `npm run check`: the quick look before a commit. */
import { format, lint, runStages, types, unused } from './stages.js'

await runStages([
  format,
  lint,
  types,
  unused,
  { title: 'architecture', command: 'vitest run tools/architecture.test.ts' },
  { title: 'tests of what changed', command: 'vitest run --changed --passWithNoTests' },
])
