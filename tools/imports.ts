import ts from 'typescript'

/** Every module that a source text imports or re-exports, or names in `import()`, types included. */
export function imports(text: string): readonly string[] {
  return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName)
}

/** `@scope/name` or `name`: the package that a module belongs to; nothing for a relative path. */
export const packageOf = (module: string): string | undefined => /^(@[^/]+\/[^/]+|[^./@][^/]*)/.exec(module)?.[0]
