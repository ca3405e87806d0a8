import ts from 'typescript'
import { compilerOptions } from './compiler-options.js'

/** The names that an entry file exports without a doc comment at their declaration, per entry. */
export function undocumented(entries: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const program = ts.createProgram({ rootNames: [...entries], options: compilerOptions() })
  const checker = program.getTypeChecker()
  return new Map(
    entries.map((entry) => {
      const source = program.getSourceFile(entry)
      const module = source && checker.getSymbolAtLocation(source)
      const names = module ? checker.getExportsOfModule(module) : []
      return [entry, names.filter((symbol) => !documented(symbol, checker)).map(({ name }) => name)]
    }),
  )
}

function documented(symbol: ts.Symbol, checker: ts.TypeChecker): boolean {
  const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
  const ours = target.declarations?.some(
    (declaration) => !declaration.getSourceFile().fileName.includes('/node_modules/'),
  )
  return !ours || ts.displayPartsToString(target.getDocumentationComment(checker)).trim() !== ''
}
