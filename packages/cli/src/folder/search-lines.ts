import { parseCheckedJson } from '@haba/core'
import { readWhole } from '@haba/core/files'
import { existsSync } from 'node:fs'
import { checks } from './file-schemas.js'
import type { MeasuredNetwork, MeasuringJob } from '../measure/measuring.js'

/** A line of `search.jsonl`: a finished network. */
export type SearchLine = { readonly job: MeasuringJob; readonly measured: MeasuredNetwork }

/** Finished trainings by their jobs; a partial line is skipped. */
export async function readSearchLines(file: string): Promise<Map<string, MeasuredNetwork>> {
  if (!existsSync(file)) return new Map()
  const lines = (await readWhole(file)).toString('utf8').split('\n').slice(0, -1)
  return new Map(
    lines.map((line, i) => {
      const { job, measured } = parseCheckedJson<SearchLine>(`${file}, line ${i + 1}`, line, {
        kind: 'search',
        check: checks.searchLine,
        todo: 'Remove this line to repeat its training.',
      })
      return [JSON.stringify(job), measured]
    }),
  )
}
