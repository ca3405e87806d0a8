import { writeWhole } from '@haba/core/files'
import { migrated } from '../config/old-names.js'
import { readConfig, type Trust } from '../config/read-config.js'
import { readText } from '../config/read-json.js'
import type { Terminal } from '../tell/progress.js'

/** `haba config migrate`: updates names of earlier versions in a configuration. */
export async function configMigrateCommand(file: string, trust: Trust, { out }: Terminal): Promise<void> {
  const { renamed } = await readConfig(file, trust)
  if (renamed.length === 0) {
    out.write(`${file} is up to date already.\n`)
    return
  }
  await writeWhole(file, migrated(await readText(file), renamed))
  for (const { path, from, to } of renamed) out.write(`${path}: ${from} → ${to}\n`)
}
