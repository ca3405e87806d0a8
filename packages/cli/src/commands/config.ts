import { HabaError } from '@haba/core'
import { writeWhole } from '@haba/core/files'
import { editorSchema } from '../config/editor-schema.js'
import { explained } from '../config/explain.js'
import { migrated } from '../config/old-names.js'
import { readConfig, type Trust } from '../config/read-config.js'
import { readText } from '../config/read-file.js'
import { sayRenamed } from '../folder/read-run.js'
import { loadPlugins, locatePlugins } from '../plugins/load-plugins.js'
import { mergeTables } from '../plugins/tables.js'
import { alignedLines } from '../tell/tables.js'
import type { Terminal } from '../tell/progress.js'

/** Options of commands that read one configuration. */
export type ConfigOptions = Pick<Trust, 'allowPlugin' | 'set'>

/** `haba config migrate`: updates names of earlier versions in a configuration. */
export async function configMigrateCommand(file: string, trust: Trust, { out }: Terminal): Promise<void> {
  const { renamed } = await readConfig(file, trust)
  if (renamed.length === 0) {
    out.write(`${file} is up to date already.\n`)
    return
  }
  if (!file.endsWith('.json'))
    throw new HabaError(
      `config ${file}`,
      'a JSON file, whose names can be changed in place',
      'another language',
      `Change them by hand: ${renamed.map(({ path, from, to }) => `${path}: ${from} is now ${to}`).join('; ')}.`,
    )
  await writeWhole(file, migrated(await readText(file), renamed))
  for (const { path, from, to } of renamed) out.write(`${path}: ${from} → ${to}\n`)
}

/** `haba config check`: reads a configuration as a run would, and runs nothing. */
export async function configCheckCommand(file: string, options: ConfigOptions, { out, err }: Terminal): Promise<void> {
  const read = await readConfig(file, options)
  sayRenamed(read, (text) => err.write(`${text}\n`))
  out.write(`${file} is valid.\n`)
}

/** `haba config explain`: every option in effect, with its value, its meaning, and whether it is a default. */
export async function configExplainCommand(file: string, options: ConfigOptions, { out }: Terminal): Promise<void> {
  const lines = explained(await readConfig(file, options)).map(({ path, value, isDefault, meaning }) => [
    path,
    value,
    `${isDefault ? '(default) ' : ''}${meaning}`,
  ])
  out.write(`${alignedLines([['option', 'value', 'meaning'], ...lines], [0, 1, 2]).join('\n')}\n`)
}

/** `haba config schema`: the JSON Schema of configurations, for editors. */
export async function configSchemaCommand(plugins: readonly string[], { out }: Terminal): Promise<void> {
  const tables = mergeTables(await loadPlugins(locatePlugins(plugins, process.cwd())))
  out.write(`${JSON.stringify(editorSchema(tables), null, 2)}\n`)
}
