import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { root } from '../../tools/packages.js'
import { commandLineValues } from '../command-line-values.js'
import { cells, type Cell } from './cells.js'

/** What the command was asked for. */
export interface Request {
  /** None without a name. */
  readonly cells: readonly Cell[]
  /** Seconds of distilling in all; measuring what is there at the end comes on top. @default no limit */
  readonly seconds: number
  /** Of each cell, at most. @default as published */
  readonly iterations: number
  /** Iterations at which sets are tested on their way, ascending. @default the usual ones */
  readonly tests?: readonly number[]
  /** Where the data are: a folder for each dataset, by its name, or the folder of the only one. */
  readonly data?: string
  /** A folder of experts that were recorded before, instead of the cell's own. */
  readonly experts?: string
  /** Fewer experts, or shorter ones, than the cell says. */
  readonly expertCount?: number
  readonly expertEpochs?: number
  /** Test other networks, even before a cell's end. */
  readonly crossed: boolean
  /** Run folders. */
  readonly runs: string
  readonly results: string
  /** Write the configuration files and the document, and run nothing. */
  readonly document: boolean
}

const usage =
  'npm run reproduction -- NAME… [--time 30m] [--iterations N] [--tests N,N] [--data FOLDER] ' +
  '[--experts FOLDER] [--expert-count N] [--expert-epochs N] [--networks] [--runs FOLDER] [--results FOLDER], or --document'

const { named, whole, seconds } = commandLineValues('reproduction', usage)

/** Reads the command line. @throws HabaError for names that no cell has, and for numbers that are none */
export function parseArguments(args: readonly string[], known: readonly Cell[] = cells): Request {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean', default: false } as const
  const { positionals, values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      time: text,
      iterations: text,
      tests: text,
      data: text,
      experts: text,
      'expert-count': text,
      'expert-epochs': text,
      networks: flag,
      runs: text,
      results: text,
      document: flag,
    },
  })
  const optional = (value: string | undefined) => (value === undefined ? undefined : whole(value))
  const count = optional(values['expert-count'])
  const epochs = optional(values['expert-epochs'])
  return {
    cells: positionals.flatMap((pattern) => named(pattern, known, `${known[0]!.name} or "cifar10-1-*"`)),
    seconds: seconds(values.time),
    iterations: optional(values.iterations) ?? Infinity,
    ...(values.tests !== undefined && {
      tests: values.tests
        .split(',')
        .map(whole)
        .sort((a, b) => a - b),
    }),
    ...(values.data !== undefined && { data: values.data }),
    ...(values.experts !== undefined && { experts: values.experts }),
    ...(count !== undefined && { expertCount: count }),
    ...(epochs !== undefined && { expertEpochs: epochs }),
    crossed: values.networks,
    runs: values.runs ?? join(root, 'runs/reproduction'),
    results: values.results ?? join(root, 'bench/reproduction/results'),
    document: values.document,
  }
}
