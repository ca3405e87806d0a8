import { commandLine, type Terminal } from '@haba/cli'
import { HabaError } from '@haba/core'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'

/** Runs a command of `haba`. @returns false where it was interrupted @throws HabaError where it failed */
export type Haba = (interruption: AbortSignal, ...args: readonly string[]) => Promise<boolean>

/** Runs commands of `haba` for another command, which errors name. */
export const habaOn =
  (source: string, terminal: Terminal): Haba =>
  async (interruption, ...args) => {
    const code = await commandLine(args, terminal, interruption)
    if (code === 1)
      throw new HabaError(source, `haba ${args[0]} to work`, 'the error above', 'Remove its cause and run again.')
    return code === 0
  }

export interface RecordExpertsOptions {
  /** A configuration file. */
  readonly config: string
  readonly interruption: AbortSignal
  /** Refuse to record any: the folder must hold some. @default false */
  readonly given?: boolean
}

/** Records the experts that a configuration asks for and that are missing. @returns whether they are all there */
export async function recordExperts(
  haba: Haba,
  { config, interruption, given = false }: RecordExpertsOptions,
): Promise<boolean> {
  const { experts: wanted } = JSON.parse(await readFile(config, 'utf8')) as {
    readonly experts?: { readonly folder: string; readonly count: number }
  }
  if (!wanted) return true
  const files = existsSync(wanted.folder) ? await readdir(wanted.folder) : []
  const there = files.filter((name) => name.endsWith('.safetensors')).length
  if (given && there === 0)
    throw new HabaError('--experts', 'a folder with experts', wanted.folder, 'Leave it out to record some.')
  return there >= wanted.count || given || haba(interruption, 'experts', config)
}
