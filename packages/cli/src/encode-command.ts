import type { Command } from 'commander'
import { encodeCommand, type EncodeOptions } from './commands/encode.js'
import { allowPlugin, flags } from './flags.js'
import type { Terminal } from './tell/progress.js'

/** Options of the section "codec" that can follow distilling, with their flags. */
const codecFlags = {
  bits: '-b, --bits <n>',
  patch: '--patch <n>',
  groups: '--groups <n>',
  transform: '--transform <name>',
  block: '--block <n>',
  step: '--step <x>',
  bytes: '--bytes <n>',
  refine: '--refine <n>',
  parts: '--parts <json>',
} as const

/** Adds the command that stores a finished set in few bits. */
export function addEncodeCommand(haba: Command, terminal: Terminal, signal: AbortSignal | undefined): void {
  const encode = haba
    .command('encode')
    .summary('store the set of a finished run in few bits')
    .description(
      'Writes a new run folder with the set in few bits, and tests it. It has the files that it would have had with such a ' +
        'section "codec" from the start; the run itself stays as it is. The set is coded from the 32-bit numbers in the ' +
        "run's last checkpoint, even if the run was coded before. After an interruption, give the same command again. " +
        '`haba distill --resume OUT` adds the rows of real images and pixels of as many bytes.',
    )
    .argument('<run>', 'the folder of a finished run')
    .option('-o, --out <folder>', 'the new run folder (default: RUN-4bit, with the bits; RUN-dct)')
  for (const [name, flag] of Object.entries(codecFlags))
    encode.option(flag, `as "codec.${name}" of a configuration: \`haba options codec\``)
  encode
    .option(...flags.data)
    .option(...flags.engine)
    .addOption(allowPlugin())
    .action(async (run: string, all: Readonly<Record<string, unknown>>) => {
      const codec = Object.fromEntries(
        Object.keys(codecFlags).flatMap((name) =>
          all[name] === undefined ? [] : [[name, valueOf(String(all[name]))]],
        ),
      )
      await encodeCommand(run, { ...(all as Omit<EncodeOptions, 'codec'>), codec }, terminal, signal)
    })
}

/** Numbers and objects as JSON means them; other text as it is, for the options' own check to name. */
function valueOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}
