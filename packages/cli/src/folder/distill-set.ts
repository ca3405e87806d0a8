import type { AnyObjective, StorageReport } from '@haba/core'
import type { DistillSpec } from '@haba/distill'
import { laterOf } from '../assemble/coded-set.js'
import { finishedSet } from '../assemble/labels.js'
import { leastOf } from '../assemble/optimizers.js'
import { wholeSpecOf } from '../assemble/spec.js'
import { chooseCheckpoint, type ChosenCheckpoint } from '../measure/choose-checkpoint.js'
import { knownRow, measureOf } from '../measure/run-rows.js'
import { distillInto } from './distill-into.js'
import { writeRunSet } from './finished-run.js'
import { intoOf, type Run } from './run.js'
import { storeSet } from './store-set.js'

/** The set of a run as its file stores it, and how it is measured. */
export interface DistilledSet extends ChosenCheckpoint {
  /** Its name in tables. */
  readonly name: string
  readonly storage: StorageReport
  readonly objective: AnyObjective
  /** The configuration's section "set", with a description. */
  readonly decoder: Readonly<Record<string, unknown>>
  readonly spec: DistillSpec
}

/** Distills the set of a run, chooses a checkpoint if the protocol chooses, and stores the set. */
export async function distillSet(run: Run): Promise<DistilledSet> {
  const { folder, read, parts, parameterization, preprocessing } = run
  const { config, tables } = read
  const { use } = config.set
  const { summary, title } = tables.parameterizations[use]!
  const decoder = { ...config.set, summary }
  const spec = await wholeSpecOf(parts, parameterization)
  const last = await distillInto({
    ...intoOf(run),
    ...(await laterOf(config.codec, spec)),
    folder,
    what: 'distilling: step',
    least: leastOf(config.objectiveOptimizer),
    async keepSoFar(state) {
      const { protocol } = await measureOf(run, state)
      await writeRunSet({ folder, parts, parameterization, state, protocol, preprocessing, decoder })
      return `The set after step ${state.step} is in ${folder}; it was not measured.`
    },
    spec,
  })
  const name = title ?? use
  const row = await knownRow(run, 'set', config.steps)
  const chosen = await chooseCheckpoint({
    folder,
    state: last,
    parameterization,
    measure: await measureOf(run, last),
    what: name,
    finish: (set) => finishedSet(parts, parameterization, set),
    ...(row?.choice && { known: row.choice }),
  })
  const stored = await storeSet(run, { folder, parameterization, chosen, preprocessing, decoder })
  return { ...chosen, ...stored, objective: spec.objective, name, decoder, spec }
}
