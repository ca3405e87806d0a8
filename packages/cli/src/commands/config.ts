import { writeWhole } from '@haba/core/files'
import { migrated } from '../config/old-names.js'
import { readConfig, type Trust } from '../config/read-config.js'
import { readText } from '../config/read-json.js'
import type { Terminal } from '../tell/progress.js'

/** `haba config migrate`: writes the names of today into a configuration that has those of earlier versions. */
export async function configMigrateCommand(file: string, trust: Trust, { out }: Terminal): Promise<void> {
  const { renamed } = await readConfig(file, trust)
  if (renamed.length === 0) {
    out.write(`${file} has the names of today already.\n`)
    return
  }
  await writeWhole(file, migrated(await readText(file), renamed))
  for (const { path, from, to } of renamed) out.write(`${path}: ${from} → ${to}\n`)
}
