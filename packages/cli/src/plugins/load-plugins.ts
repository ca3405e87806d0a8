import { HabaError, type Plugin } from '@haba/core'
import { Type } from '@haba/core/options'
import { existsSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { readConfigFile } from '../config/read-file.js'
import { validate } from '../config/validate.js'

const isPath = (name: string) => /^\.{0,2}[\\/]|^[a-zA-Z]:/.test(name)

/** A plugin's name in a configuration, made independent of the file's folder: paths become absolute. */
export const absolutePlugin = (name: string, folder: string): string => (isPath(name) ? resolve(folder, name) : name)

/** The file of a plugin; nothing of it is run. */
interface Located {
  readonly name: string
  /** Absolute. */
  readonly file: string
}

/**
 * Finds plugins: of a package its `./plugin`, from `folder` or from where haba runs; of a path the file itself.
 *
 * @throws HabaError where one is not found
 */
export const locatePlugins = (names: readonly string[], folder: string): readonly Located[] =>
  names.map((name) => {
    const file = isPath(name) ? resolve(folder, name) : locate(`${name}/plugin`, [folder, process.cwd()])
    if (file === undefined || !existsSync(file))
      throw new HabaError(
        `plugin ${name}`,
        isPath(name) ? 'a file' : `a package with "./plugin", installed in ${folder} or above`,
        'none',
        isPath(name) ? 'Paths are relative to the configuration file.' : `Run npm install ${name}, or fix its exports.`,
      )
    return { name, file }
  })

/** Imports plugins, which runs their code. @throws HabaError where one fails to load, or exports no `plugin` */
export async function loadPlugins(located: readonly Located[]): Promise<ReadonlyMap<string, Plugin>> {
  const loaded = new Map<string, Plugin>()
  for (const { name, file } of located) loaded.set(name, await loadPlugin(name, file))
  return loaded
}

async function loadPlugin(name: string, file: string): Promise<Plugin> {
  const who = `plugin ${name}`
  const module = await import(pathToFileURL(file).href).catch((cause: Error) => {
    throw new HabaError(who, 'a module that loads', cause.message, `Correct ${file}.`, { cause })
  })
  const { plugin }: { readonly plugin?: unknown } = module
  if (typeof plugin !== 'object' || plugin === null)
    throw new HabaError(
      who,
      'an export named `plugin`',
      'none',
      `Export one from ${file}: const plugin: Plugin = { … }.`,
    )
  return plugin
}

/**
 * Refuses plugins of a configuration that somebody else may have written, unless the user allows them.
 *
 * @param file the configuration
 * @param allow names or paths that the command line allows; those of `userFile()` are allowed, too
 * @throws HabaError naming every file whose code would run
 */
export async function checkAllowed(file: string, located: readonly Located[], allow: readonly string[]): Promise<void> {
  if (located.length === 0) return
  const listed = await userPlugins()
  const allowed = new Set([
    ...(await realFiles(allow, process.cwd())),
    ...(await realFiles(listed, dirname(userFile()))),
  ])
  const real = await Promise.all(located.map((one) => realpath(one.file)))
  const refused = real.filter((one) => !allowed.has(one))
  if (refused.length === 0) return
  throw new HabaError(
    `config ${file}: plugins`,
    'none that you have not allowed, since a run folder may come from anywhere and plugins are code that runs as you',
    refused.join(', '),
    `Nothing of it was run. If you trust it, add ${refused.map((one) => `--allow-plugin ${one}`).join(' ')}, or list it ` +
      `in ${userFile()}: ${JSON.stringify({ allowPlugins: refused })}.`,
  )
}

/** Names that only the folder of a run knows are not found: what is allowed is found from where the user is. */
async function realFiles(names: readonly string[], folder: string): Promise<readonly string[]> {
  const files = names.map((name) =>
    isPath(name) || /\.[cm]?[jt]s$/.test(name) ? resolve(folder, name) : locate(`${name}/plugin`, [folder]),
  )
  return Promise.all(files.filter((one) => one !== undefined).map((one) => realpath(one).catch(() => one)))
}

/** The user's own configuration of haba. */
const userFile = (): string => {
  const { XDG_CONFIG_HOME: xdg, APPDATA: roaming } = process.env
  const home = process.platform === 'win32' && roaming ? roaming : xdg ? xdg : join(homedir(), '.config')
  return join(home, 'haba', 'config.json')
}

const userSchema = Type.Object({
  allowPlugins: Type.Array(Type.String({ minLength: 1 }), {
    default: [],
    description: 'plugins that run folders may load: paths of files, or packages',
  }),
})

async function userPlugins(): Promise<readonly string[]> {
  const file = userFile()
  if (!existsSync(file)) return []
  return validate({ file, path: '' }, userSchema, await readConfigFile(file)).allowPlugins
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
