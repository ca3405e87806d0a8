import { readFileSync } from 'node:fs'
import { defineConfig, type Options } from 'tsup'

interface Exports {
  readonly exports: Readonly<Record<string, string | { readonly '@haba/source': string }>>
}

/**
 * One build for every package: ESM, declarations, source maps; dependencies stay outside. It begins at the sources that
 * the package.json exports, and at `more` (programs); `own` are options of this package.
 */
export function library(more: readonly string[] = [], own: Options = {}) {
  const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as Exports
  const sources = Object.values(exports).flatMap((one) => (typeof one === 'string' ? [] : [one['@haba/source']]))
  return defineConfig({
    entry: [...new Set([...sources.map((path) => path.replace('./', '')), ...more])],
    format: 'esm',
    dts: true,
    sourcemap: true,
    clean: true,
    treeshake: true,
    target: 'node20',
    ...own,
  })
}
