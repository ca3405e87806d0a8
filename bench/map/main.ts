/** `npm run map`: sets of every kind at equal bytes; `docs/map.md` says how. */
import { HabaError } from '@haba/core'
import { setFlagsFromString } from 'node:v8'
import { listenForStop } from '../stop.js'
import { writeMap } from '../documents.js'
import { parseArguments, type Request } from './arguments.js'
import { cellLine } from './list.js'
import { tooLarge } from './order.js'
import { summaryOf } from './result.js'
import { runCell, type Outcome } from './run-cell.js'
import { cellsToSearch, searchCell } from './search-rates.js'

// As the command line does (packages/cli/src/main.ts).
setFlagsFromString('--no-incremental-marking')

const terminal = { out: process.stdout, err: process.stderr }

function told(outcome: Outcome): string {
  if (!('result' in outcome)) return outcome.told
  const { mean, half, bytes } = summaryOf(outcome.result)!
  return `${(100 * mean).toFixed(1)} ± ${(100 * half).toFixed(1)} % from ${bytes.toLocaleString('en-US')} bytes (${outcome.told})`
}

async function searchAll({ cells, places, seconds }: Request): Promise<void> {
  const { distilling } = listenForStop(seconds)
  for (const cell of cellsToSearch(cells, tooLarge)) {
    if (distilling.aborted) break
    const chosen = await searchCell({ cell, places, interruption: distilling, terminal })
    console.log(`rates of ${cell.name}: ${chosen ? JSON.stringify(chosen) : 'not finished'}`)
  }
}

async function runAll({ cells, places, anew, seconds }: Request): Promise<void> {
  const { distilling } = listenForStop(seconds)
  for (const cell of cells) {
    if (distilling.aborted) break
    try {
      const outcome = await runCell({ cell, places, anew, interruption: distilling, terminal })
      console.log(`${cell.name}: ${told(outcome)}`)
    } catch (error) {
      // One cell that fails must not end the others.
      report(error)
    }
  }
}

function report(error: unknown): void {
  if (!HabaError.is(error)) throw error
  console.error(error.message)
  process.exitCode = 1
}

async function main(): Promise<void> {
  const request = parseArguments(process.argv.slice(2))
  if (request.what === 'document') return writeMap()
  if (request.what === 'rates') return searchAll(request)
  if (request.what === 'run') return runAll(request)
  for (const cell of request.cells) console.log(await cellLine(cell, request.places.results))
}

await main().catch(report)
