import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import ts from 'typescript'

/** Every module that a source text imports or re-exports, or names in `import()`, types included. */
export function imports(text: string): readonly string[] {
  return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName)
}

/** `@scope/name` or `name`: the package that a module belongs to; nothing for a relative path. */
export const packageOf = (module: string): string | undefined => /^(@[^/]+\/[^/]+|[^./@][^/]*)/.exec(module)?.[0]

/** Which of these files each of them imports, types included. @param files absolute paths */
export function importsAmong(files: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const known = new Set(files)
  const imported = (file: string) =>
    imports(readFileSync(file, 'utf8'))
      .filter((module) => module.startsWith('.'))
      .map((module) => join(dirname(file), module).replace(/\.js$/, '.ts'))
      .filter((other) => known.has(other))
  return new Map(files.map((file) => [file, imported(file)]))
}

/** The files that import each other in a circle, with those between two circles; none where there is no circle. */
export function circles(graph: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const left = new Map(graph)
  for (;;) {
    const needed = new Set([...left.values()].flat())
    const ends = [...left].filter(([file, needs]) => !needed.has(file) || !needs.some((other) => left.has(other)))
    if (ends.length === 0) return [...left.keys()]
    for (const [file] of ends) left.delete(file)
  }
}
