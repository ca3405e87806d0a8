import { parseArgs } from 'node:util'
import { commandLineValues } from '../command-line-values.js'
import type { Cell } from './cells.js'
import { byImportance } from './order.js'
import { usualPlaces, type Places } from './run-cell.js'

/** What the command was asked for. */
export interface Request {
  /** All by importance, unless some are named. */
  readonly cells: readonly Cell[]
  /** Seconds of work in all. @default no limit */
  readonly seconds: number
  readonly places: Places
  /** Measure again what a result of another configuration is there of. */
  readonly anew: boolean
  /** `run` cells, `list` them, look for better `rates`, or write the `document`. @default run */
  readonly what: 'run' | 'list' | 'rates' | 'document'
}

const usage =
  'npm run map -- [CELL…] [--time 2h] [--data FOLDER] [--experts FOLDER] [--runs FOLDER] [--results FOLDER] [--anew] ' +
  '[--list | --rates | --document]'

const { named, seconds } = commandLineValues('map', usage)

/** Reads the command line. @throws HabaError for names that no cell has, and for a time that is none */
export function parseArguments(args: readonly string[], known: readonly Cell[] = byImportance): Request {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean', default: false } as const
  const { positionals, values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      time: text,
      data: text,
      experts: text,
      runs: text,
      results: text,
      anew: flag,
      list: flag,
      rates: flag,
      document: flag,
    },
  })
  const example = `${known[0]!.name} or "cifar10-1-*"`
  const own = (['data', 'experts', 'runs', 'results'] as const).flatMap((place) =>
    values[place] === undefined ? [] : [[place, values[place]] as const],
  )
  return {
    cells: positionals.length === 0 ? known : positionals.flatMap((pattern) => named(pattern, known, example)),
    seconds: seconds(values.time),
    places: { ...usualPlaces, ...Object.fromEntries(own) },
    anew: values.anew,
    what: (['list', 'rates', 'document'] as const).find((one) => values[one]) ?? 'run',
  }
}
