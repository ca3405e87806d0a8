import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const template = join(import.meta.dirname, 'template')

/** `moment-matching` as it is written in the places where it stands. */
function spellings(name: string) {
  const words = name.split('-')
  const pascal = words.map((word) => word[0]?.toUpperCase() + word.slice(1)).join('')
  return { name, pascal, camel: pascal[0]?.toLowerCase() + pascal.slice(1), words: words.join(' ') }
}

function filled(file: string, name: string): string {
  const { pascal, camel, words } = spellings(name)
  return readFileSync(join(template, file), 'utf8')
    .replaceAll('objective-name', name)
    .replaceAll('ObjectiveName', pascal)
    .replaceAll('objectiveName', camel)
    .replaceAll('objective name', words)
    .replaceAll('Objective name', words[0]?.toUpperCase() + words.slice(1))
}

/** Puts an export in its place among the others, which are sorted by file. */
function withExport(index: string, name: string): string {
  const { pascal, camel } = spellings(name)
  const line = `export { ${camel}, ${camel}Distance, type ${pascal}Options } from './features/${name}.js'\n`
  const statements = index.split(/^(?=export )/m)
  const after = statements.findIndex(
    (statement) => (/from '\.\/(.*)\.js'/.exec(statement)?.[1] ?? '') > `features/${name}`,
  )
  return statements.toSpliced(after < 0 ? statements.length : after, 0, line).join('')
}

/** Names it for configuration files: an import among the others, and an entry in the table of objectives. */
function withName(plugin: string, name: string): string {
  const { camel, words } = spellings(name)
  const heading = '  objectives: {\n'
  if (!plugin.includes(heading))
    throw new Error('newObjective: expected a table "objectives: {" in plugin.ts, got none. Add an empty one.')
  const lines = plugin.split('\n')
  const after = lines.findIndex(
    (line) => line === '' || (/from '\.\/(.*)\.js'/.exec(line)?.[1] ?? '') > `features/${name}`,
  )
  return lines
    .toSpliced(after, 0, `import { ${camel} } from './features/${name}.js'`)
    .join('\n')
    .replace(
      heading,
      `${heading}    '${name}': entry({
      summary: '${words}: the mean features of every class match those of real images',
      options: Type.Object({ realPerClass: count('real images a class and step', 256) }),
      make: (options, { network }) => ${camel}({ network, ...options }),
    }),
`,
    )
}

const changeset = (name: string) => `---
'@haba/matching': minor
---

New objective: ${spellings(name).words}
`

/** Writes an objective into the repository at `root`: source, test, export, name, changeset; returns their paths. */
export function newObjective(root: string, name: string): readonly string[] {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name))
    throw new Error(`newObjective: expected words joined by dashes, got "${name}". Write it like moment-matching.`)
  const folder = 'packages/matching/src'
  if (existsSync(join(root, folder, 'features', `${name}.ts`)))
    throw new Error(`newObjective: expected a new name, got "${name}", which is there. Choose another one.`)
  const read = (path: string) => readFileSync(join(root, path), 'utf8')
  const files = {
    [`${folder}/features/${name}.ts`]: filled('objective-name.ts', name),
    [`${folder}/features/${name}.test.ts`]: filled('objective-name.test.ts', name),
    [`${folder}/index.ts`]: withExport(read(`${folder}/index.ts`), name),
    [`${folder}/plugin.ts`]: withName(read(`${folder}/plugin.ts`), name),
    [`.changeset/${name}.md`]: changeset(name),
  }
  for (const [path, text] of Object.entries(files)) writeFileSync(join(root, path), text)
  return Object.keys(files)
}
