import ts from 'typescript'
import { join } from 'node:path'
import { root } from './packages.js'

/** How the compiler reads our packages: from source. */
export function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.base.json'), (path) => ts.sys.readFile(path))
  return ts.parseJsonConfigFileContent(config, ts.sys, root).options
}
