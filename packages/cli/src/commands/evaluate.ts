import { HabaError } from '@haba/core'
import { expand } from '@haba/distill'
import { describeProtocol } from '@haba/eval'
import { join } from 'node:path'
import type { EvaluateSettings, Named } from '../config/config.js'
import { completeNamed } from '../config/named.js'
import { readConfig } from '../config/read-config.js'
import { evaluateSchema } from '../config/schema.js'
import { validate } from '../config/validate.js'
import { interruptible, listenForInterruption, type Interruption } from '../interruption.js'
import { kinds, type AnyTable } from '../plugins/tables.js'
import { progressOn } from '../progress.js'
import { readManifest } from '../run/draw-run.js'
import { measureSet } from '../run/evaluate-rows.js'
import { readRunSet, type About } from '../run/finished-run.js'
import { makeNetwork, makeProtocol, makeSet, openEngine, openParts } from '../run/parts.js'
import { tableText } from '../run/result.js'
import { configOf, writeWhole } from '../run/run-folder.js'
import { overridden } from './distill.js'
import type { Terminal } from './terminal.js'

export interface EvaluateOptions {
  readonly networks?: number
  readonly protocol?: string
  readonly epochs?: number
  readonly network?: string
  readonly data?: string
}

/** `haba evaluate`: tests a finished set again, under another protocol or with another kind of network. */
export async function evaluateCommand(
  folder: string,
  { networks, protocol, epochs, network, data }: EvaluateOptions,
  { out, err }: Terminal,
  interruption?: Interruption,
): Promise<void> {
  const read = overridden(await readConfig(configOf(folder)), data === undefined ? {} : { data })
  const settings = validate({ file: 'of the command line', path: '' }, evaluateSchema, {
    ...read.config.evaluate,
    ...(networks !== undefined && { networks }),
    ...(protocol !== undefined && { protocol }),
    ...(epochs !== undefined && { epochs }),
  }) as unknown as EvaluateSettings
  const { layout, storage, about } = await readManifest(folder)
  const { learned } = about as unknown as About
  const progress = progressOn(err)
  const heard = interruption ?? listenForInterruption(progress.say)
  const opened = await openEngine(read)
  try {
    const parts = await openParts(read, opened.engine, progress.pulse)
    const other = network === undefined ? undefined : networkNamed(network, read.tables.networks)
    const student = other ? await makeNetwork(read, other, parts.data, '--network') : parts.network
    const used = await makeProtocol(parts, settings, learned.rate)
    const parameterization = await makeSet(read, parts.data)
    const { params } = await readRunSet(folder, parameterization)
    const accuracy = await measureSet(
      await expand(opened.engine, parameterization, params),
      {
        parts: { ...parts, network: student },
        watch: (onCall) => interruptible(opened.engine, heard, 'Nothing was written.', onCall),
        protocol: used,
        networks: settings.networks,
        progress,
      },
      `${read.config.name}, ${student.name}`,
    )
    const file = join(folder, `evaluation-${used.name}-${student.name}.json`)
    const result = { network: student.name, protocol: describeProtocol(used), ...accuracy, seed: read.config.seed }
    await writeWhole(file, `${JSON.stringify(result, null, 2)}\n`)
    const note = `${layout.slots} stored, ${layout.views} views of each`
    const row = {
      id: 'set',
      name: student.name,
      ...accuracy,
      floats: storage.floats,
      bytes: storage.bytes,
      note,
    } as const
    const caption = `Protocol ${used.name}: ${used.epochs} epochs at rate ${used.rate}. Written to ${file}`
    out.write(`\n${tableText({ name: read.config.name, caption, rows: [row] })}\n`)
  } finally {
    await opened.close()
  }
}

/** A name, or JSON with options: `{"use":"convnet","depth":4}`. */
function networkNamed(text: string, table: unknown): Named {
  const where = { file: 'of the command line', path: '--network' }
  let value: unknown = text
  if (text.trimStart().startsWith('{'))
    try {
      value = JSON.parse(text)
    } catch (cause) {
      throw new HabaError('--network', 'a name, or JSON', text, (cause as Error).message, { cause })
    }
  return completeNamed(where, value, table as AnyTable, kinds.networks, process.cwd())
}
