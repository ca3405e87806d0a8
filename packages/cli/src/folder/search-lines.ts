import { parseCheckedJson } from '@haba/core'
import { readWhole } from '@haba/core/files'
import { existsSync } from 'node:fs'
import { checks } from './file-schemas.js'
import type { MeasuredNetwork, MeasuringJob } from '../measure/measuring.js'

/** What a finished network is remembered by in `search.jsonl`. */
export type SearchLine = { readonly job: MeasuringJob; readonly measured: MeasuredNetwork }

/** Finished trainings by their jobs; a line that was cut off is left out. */
export async function readSearchLines(file: string): Promise<Map<string, MeasuredNetwork>> {
  if (!existsSync(file)) return new Map()
  const lines = (await readWhole(file)).toString('utf8').split('\n').slice(0, -1)
  return new Map(
    lines.map((line, i) => {
      const { job, measured } = parseCheckedJson<SearchLine>(`${file}, line ${i + 1}`, line, {
        kind: 'search',
        check: checks.searchLine,
        todo: 'Remove this line: its training is then done again.',
      })
      return [JSON.stringify(job), measured]
    }),
  )
}
