import { commandLine } from '@haba/cli'
import { HabaError } from '@haba/core'
import { readCheckedJson } from '@haba/core/files'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'

/** What a run measured: `result.json`. */
export interface Distilled {
  readonly name: string
  readonly rows: readonly { readonly id: string; readonly choice?: { readonly mean: number } }[]
}

// As the command line does (packages/cli/src/main.ts).
setFlagsFromString('--no-incremental-marking')

/** Distills a configuration file into a run folder, on from where it was left. @throws HabaError where that fails */
export async function distilled(config: string, run: string): Promise<Distilled> {
  await haba('distill', ...(existsSync(join(run, 'config.json')) ? ['--resume', run] : [config, '--out', run]))
  return await readCheckedJson<Distilled>(join(run, 'result.json'), { kind: 'result' })
}

/** A command of `haba`, as a person gives it. @throws HabaError where it fails */
export async function haba(...args: readonly string[]): Promise<void> {
  if ((await commandLine(args, { out: process.stdout, err: process.stderr })) !== 0)
    throw new HabaError(`haba ${args.join(' ')}`, 'to work', 'an error, told above', '')
}
