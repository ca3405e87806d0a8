import { parseArgs } from 'node:util'
import { HabaError } from '@haba/core'
import { join } from 'node:path'
import { root } from '../tools/packages.js'
import { rowNamed, table, type Row } from './table.js'

/** What the command was asked for. */
export interface Request {
  /** All of the table by default. */
  readonly rows: readonly Row[]
  /** Of each side. @default 5 */
  readonly rounds: number
  /** Show our time by operator instead of comparing. */
  readonly profile: boolean
  /** Where results are written: the committed ones are replaced only where that is asked for. */
  readonly results: string
}

const usage = 'npm run bench -- [NAME…] [--rounds N] [--record] [--profile NAME]'

/** Reads the command line. @throws HabaError for unknown names, or fewer rounds than 1 */
export function parseArguments(args: readonly string[]): Request {
  const { positionals, values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { rounds: { type: 'string', default: '5' }, profile: { type: 'string' }, record: { type: 'boolean' } },
  })
  const rounds = Number(values.rounds)
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new HabaError('bench', 'at least 1 round', `"${values.rounds}"`, usage)
  const names = values.profile === undefined ? positionals : [values.profile, ...positionals]
  return {
    rows: names.length > 0 ? names.map(rowNamed) : table,
    rounds,
    profile: values.profile !== undefined,
    results: join(root, values.record ? 'bench/results' : 'runs/bench'),
  }
}
