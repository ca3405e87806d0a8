/** `npm run reproduction`: the cells of the papers' tables, as far as time allows; `docs/reproduction.md` says how. */
import { HabaError } from '@haba/core'
import { writeFile } from 'node:fs/promises'
import { setFlagsFromString } from 'node:v8'
import { listenForStop } from '../stop.js'
import { parseArguments } from './arguments.js'
import { charts, documentFile, documentText } from './document.js'
import { runCell } from './run-cell.js'

async function writeDocument(): Promise<void> {
  await writeFile(documentFile, await documentText())
  for (const [file, picture] of await charts()) await writeFile(file, picture)
}

// As the command line does (packages/cli/src/main.ts).
setFlagsFromString('--no-incremental-marking')

async function main(): Promise<void> {
  const request = parseArguments(process.argv.slice(2))
  if (request.document) {
    await writeDocument()
    return
  }
  const stop = listenForStop(request.seconds)
  const terminal = { out: process.stdout, err: process.stderr }
  for (const cell of request.cells) {
    if (stop.distilling.aborted) break
    const result = await runCell({ cell, request, stop, terminal })
    const point = result?.curve.at(-1)
    const percent = (part: number) => (100 * part).toFixed(1)
    console.log(
      result && point
        ? `${cell.name}: ${percent(point.mean)} ± ${percent(point.std)} % after ${point.iterations} of ${cell.config.steps} iterations`
        : `${cell.name}: nothing measured yet`,
    )
  }
}

try {
  await main()
} catch (error) {
  if (!HabaError.is(error)) throw error
  console.error(error.message)
  process.exitCode = 1
}
