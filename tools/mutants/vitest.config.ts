import { defineConfig } from 'vitest/config'
import shared from '../../vitest.config.js'

/** Runs the mutants, whose failures are wanted: `mutants.test.ts` reads what failed. */
export default defineConfig({ ...shared, test: { ...shared.test, include: ['tools/mutants/*.mutants.ts'] } })
