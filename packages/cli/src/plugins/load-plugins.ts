import { HabaError, type Plugin } from '@haba/core'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const isPath = (name: string) => /^\.{0,2}[\\/]|^[a-zA-Z]:/.test(name)

/** A plugin's name in a configuration, made independent of the file's folder: paths become absolute. */
export const absolutePlugin = (name: string, folder: string): string => (isPath(name) ? resolve(folder, name) : name)

/**
 * Imports plugins: of a package its `./plugin`, found from `folder` or from where haba runs; of a path the file itself.
 *
 * @throws HabaError where one is not found, fails to load, or exports no `plugin`
 */
export async function loadPlugins(names: readonly string[], folder: string): Promise<ReadonlyMap<string, Plugin>> {
  const loaded = new Map<string, Plugin>()
  for (const name of names) loaded.set(name, await loadPlugin(name, folder))
  return loaded
}

async function loadPlugin(name: string, folder: string): Promise<Plugin> {
  const who = `plugin ${name}`
  const file = isPath(name) ? resolve(folder, name) : locate(`${name}/plugin`, [folder, process.cwd()])
  if (file === undefined || !existsSync(file))
    throw new HabaError(
      who,
      isPath(name) ? 'a file' : `a package with "./plugin", installed in ${folder} or above`,
      'none',
      isPath(name) ? 'Paths are relative to the configuration file.' : `Run npm install ${name}, or mend its exports.`,
    )
  const module = await import(pathToFileURL(file).href).catch((cause: Error) => {
    throw new HabaError(who, 'a module that loads', cause.message, `Mend ${file}.`, { cause })
  })
  const { plugin } = module as { readonly plugin?: unknown }
  if (typeof plugin !== 'object' || plugin === null)
    throw new HabaError(
      who,
      'an export named `plugin`',
      'none',
      `Export one from ${file}: const plugin: Plugin = { … }.`,
    )
  return plugin
}

function locate(name: string, folders: readonly string[]): string | undefined {
  for (const folder of folders)
    try {
      return createRequire(join(folder, 'from')).resolve(name)
    } catch {
      // looked for in the next folder
    }
  return undefined
}
