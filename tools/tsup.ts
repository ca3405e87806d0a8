import { defineConfig } from 'tsup'

/** One build for every package: ESM, declarations, source maps; dependencies stay outside. */
export const library = (entry: string[] = ['src/index.ts']) =>
  defineConfig({ entry, format: 'esm', dts: true, sourcemap: true, clean: true, treeshake: true, target: 'node20' })
