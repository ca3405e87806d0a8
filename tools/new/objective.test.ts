import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { compilerOptions } from '../compiler-options.js'
import { root } from '../packages.js'
import { newObjective } from './objective.js'

function typeErrors(files: readonly string[]): readonly string[] {
  const program = ts.createProgram({ rootNames: [...files], options: compilerOptions() })
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`)
}

/** Type assertions, but for `as const`. */
function assertions(text: string): readonly string[] {
  const visit = (node: ts.Node): readonly string[] => {
    const own = ts.isAsExpression(node) && !ts.isConstTypeReference(node.type) ? [node.getText()] : []
    const inner: string[] = []
    node.forEachChild((child) => void inner.push(...visit(child)))
    return [...own, ...inner]
  }
  return visit(ts.createSourceFile('any.ts', text, ts.ScriptTarget.Latest, true))
}

describe('newObjective, in a copy of the repository', () => {
  let copy: string
  const read = (path: string) => readFileSync(join(copy, path), 'utf8')

  beforeEach(() => {
    // Inside the repository, so that the copy finds packages by their names.
    mkdirSync(join(root, 'node_modules/.cache'), { recursive: true })
    copy = mkdtempSync(join(root, 'node_modules/.cache/new-'))
    mkdirSync(join(copy, '.changeset'))
    cpSync(join(root, 'packages/matching/src'), join(copy, 'packages/matching/src'), { recursive: true })
  })
  afterEach(() => rmSync(copy, { recursive: true }))

  it('writes the five things, spelled as each place asks', () => {
    const written = newObjective(copy, 'zeroth-order-moments')
    expect(written).toHaveLength(5)
    const [source = '', test = '', index = '', plugin = '', changeset = ''] = written.map(read)
    expect(source).toContain('export function zerothOrderMoments({')
    expect(source).toContain("name: 'zeroth order moments'")
    expect(test).toContain("from './zeroth-order-moments.js'")
    expect(index).toContain(
      "export { zerothOrderMoments, zerothOrderMomentsDistance, type ZerothOrderMomentsOptions } from './features/zeroth-order-moments.js'",
    )
    expect(plugin).toContain("'zeroth-order-moments': entry({")
    expect(changeset).toContain("'@haba/matching': minor")
    for (const text of [source, test]) expect(text).not.toMatch(/objective.?name/i)
    for (const text of [source, test, plugin]) expect(assertions(text)).toEqual([])
  })

  it('keeps all that was there, and its types hold', () => {
    const before = ['index.ts', 'plugin.ts'].map((file) => read(`packages/matching/src/${file}`))
    const written = newObjective(copy, 'mean-matching')
    const [, , index = '', plugin = ''] = written.map(read)
    expect(index.split('\n')).toEqual(expect.arrayContaining(before[0]?.split('\n') ?? []))
    expect(plugin.split('\n')).toEqual(expect.arrayContaining(before[1]?.split('\n') ?? []))
    expect(typeErrors(written.filter((path) => path.endsWith('.ts')).map((path) => join(copy, path)))).toEqual([])
  })

  it('refuses a name that is taken, and one that is no file name', () => {
    newObjective(copy, 'mean-matching')
    expect(() => newObjective(copy, 'mean-matching')).toThrow('Choose another one')
    expect(() => newObjective(copy, 'Mean Matching')).toThrow('Write it like moment-matching')
  })
})
