import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The plugin of made-up images. */
export const toyPlugin = fileURLToPath(new URL('./toy-plugin.test-data.ts', import.meta.url))

/** Writes a user's own configuration into `folder`, which lets run folders load the toy plugin, and uses it from now on. */
export async function allowToyPlugin(folder: string): Promise<void> {
  const home = join(folder, 'config-home')
  await mkdir(join(home, 'haba'), { recursive: true })
  await writeFile(join(home, 'haba/config.json'), JSON.stringify({ allowPlugins: [toyPlugin] }))
  process.env.XDG_CONFIG_HOME = home
  process.env.APPDATA = home
}
