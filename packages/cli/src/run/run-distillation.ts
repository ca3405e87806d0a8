import { pixels, type AnyParameterization, type StorageReport, type Tree } from '@haba/core'
import { expand, type DistillSpec, type DistillState } from '@haba/distill'
import type { Protocol } from '@haba/eval'
import { join } from 'node:path'
import type { ReadConfig } from '../config/read-config.js'
import { interruptible, type Interruption } from '../interruption.js'
import type { Progress } from '../progress.js'
import { selectionNames, selections } from '../plugins/selections.js'
import { budgetOf, type Budget } from './budget.js'
import { chooseCheckpoint } from './choose-checkpoint.js'
import { chooser } from './chosen-images.js'
import { distilInto, learnedNumbers } from './distil-into.js'
import { drawRun } from './draw-run.js'
import { measureRandom, measureReal, measureSet, type Measure, type Measured } from './evaluate-rows.js'
import { writeRunSet } from './finished-run.js'
import { finishedSet } from './labels.js'
import { keptIn } from './kept-choices.js'
import { makeOptimizer } from './optimizers.js'
import {
  differentiations,
  keyFor,
  makeGames,
  makeObjective,
  makeProtocol,
  makeSet,
  openEngine,
  openParts,
  type Parts,
} from './parts.js'
import { measurePrescribed, measurePrescribedRandom, sequenceText } from './prescribed-rows.js'
import { savePreprocessing, seenFrom, type SavedPreprocessing } from './preprocessing-file.js'
import { withRow, type Result, type Row, type RowId } from './result.js'
import { readResult, writeResult, writeWhole } from './run-folder.js'
import { sayStrength } from './say-strength.js'
import { storedFloats } from './stored-floats.js'

export interface RunOptions {
  readonly folder: string
  readonly read: ReadConfig
  readonly progress: Progress
  readonly interruption: Interruption
}

/**
 * Distils, measures and compares, and writes all of it into a run folder. Whatever the folder already holds is not done
 * again, so that an interrupted run goes on to the same bytes.
 */
export async function runDistillation(options: RunOptions): Promise<Result> {
  const { read, progress } = options
  const opened = await openEngine(read, progress.say)
  try {
    progress.say(`Reading ${read.config.data.use}.`)
    const parts = await openParts(read, opened.engine, progress.pulse)
    for (const warning of parts.data.warnings ?? []) progress.say(warning)
    await runParts(options, parts)
    return await drawRun(options.folder, read, opened.engine)
  } finally {
    await opened.close()
  }
}

/** What the steps of one run share. */
interface Run extends RunOptions {
  readonly parts: Parts
  readonly preprocessing: SavedPreprocessing
  readonly todo: string
}

async function runParts(options: RunOptions, parts: Parts): Promise<void> {
  const { folder, read } = options
  const { compare } = read.config
  const run: Run = {
    ...options,
    parts,
    preprocessing: await savePreprocessing(folder, parts.data.preprocessing),
    todo: `Go on with \`haba distill --resume ${folder}\`.`,
  }
  const parameterization = await makeSet(read, parts.data, parts)
  const { image, classes, train } = parts.data
  const chosen = selectionNames.filter((name) => compare[name])
  const needsBudget = compare.random || chosen.length > 0 || compare.pixels !== undefined
  // Before anything is distilled: a set may be too small to compare.
  const budget = needsBudget ? budgetOf(await storedFloats(parameterization), image, classes) : undefined
  const set = await distilSet(run, parameterization)
  const rows = rowsOf(run, budget?.caption ?? '')

  await rows.add('set', read.config.steps, async () => {
    const images = await rendered(run, parameterization, set.state)
    await sayStrength(set.name, images, train, run.progress)
    const accuracy = await measureSet(images, set, set.name)
    const { slots, views } = parameterization.layout
    const note = views === 1 ? `${slots} images` : `${slots} stored, ${views} views of each`
    return row(set.name, accuracy, set.storage, note + distilledNote(run, set.state))
  })
  const { objective } = set
  if (objective.prescribe) {
    const prescribed = { objective, params: set.state.objective.params, measure: set.measure }
    await writeWhole(join(folder, 'sequence.json'), sequenceText(prescribed, parameterization.layout))
    await rows.add('prescribed', set.state.step, async () => {
      const name = `${set.name}, as prescribed`
      const accuracy = await measurePrescribed(prescribed, await rendered(run, parameterization, set.state), name)
      return row(name, accuracy, set.storage, `by the steps in sequence.json${distilledNote(run, set.state)}`)
    })
    if (compare.random && budget)
      await rows.add('prescribedRandom', set.state.step, async () => {
        const name = 'random real images, as prescribed'
        const accuracy = await measurePrescribedRandom(prescribed, budget.perClass, name)
        return row(name, accuracy, plain(budget), `${budget.images} images, by the same steps`)
      })
  }
  if (compare.random && budget)
    await rows.add('random', undefined, async () => {
      const name = 'random real images'
      const accuracy = await measureRandom(budget.perClass, await measureOf(run), name)
      return row(name, accuracy, plain(budget), `${budget.images} images, drawn anew for each network`)
    })
  const choose = keptIn(folder, chooser(compare.selection))
  for (const name of chosen)
    await rows.add(name, undefined, async () => {
      const { title } = selections[name]
      const measure = await measureOf(run)
      const indices = await choose(name, budget!.perClass, measure)
      const accuracy = await measureReal(train, measure, title, indices)
      const epochs = `${compare.selection.epochs} epoch${compare.selection.epochs === 1 ? '' : 's'}`
      return row(title, accuracy, plain(budget!), `${budget!.images} images, chosen after ${epochs} on all`)
    })
  if (compare.pixels && budget) await addPixels(run, budget, rows)
  if (compare.fullData)
    await rows.add('fullData', undefined, async () => {
      const name = 'all training data'
      const { epochs, networks } = compare.fullData!
      const measure = { ...(await measureOf(run, undefined, epochs)), networks }
      const accuracy = await measureReal(train, measure, name)
      const images = train.labels.length
      const floats = images * image[0] * image[1] * image[2]
      const { epochs: seen } = measure.protocol
      const note = `${images.toLocaleString('en-US')} images, each seen ${seen === 1 ? 'once' : `${seen} times`}`
      return row(name, accuracy, { floats, bytes: 4 * (floats + images) }, note)
    })
}

async function distilSet(run: Run, parameterization: AnyParameterization) {
  const { folder, read, parts, preprocessing } = run
  const { config, tables } = read
  const { use } = config.set
  const { summary } = tables.parameterizations[use]!
  const spec = await specOf(parts)
  const last = await distilInto({
    ...intoOf(run),
    folder,
    what: 'distilling: step',
    spec: {
      ...spec,
      parameterization,
      games: await makeGames(parts),
      optimizer: makeOptimizer(parts, config.optimizer, 'optimizer', config.clipNorm),
      ...(config.objectiveOptimizer && {
        objectiveOptimizer: makeOptimizer(parts, config.objectiveOptimizer, 'objectiveOptimizer'),
      }),
      steps: config.steps,
    } as DistillSpec,
  })
  const name = titleOf(use, summary)
  const row = (await readResult(folder))?.rows.find(({ id, steps }) => id === 'set' && steps === config.steps)
  const chosen = await chooseCheckpoint({
    folder,
    state: last,
    parameterization,
    measure: await measureOf(run, last),
    what: name,
    finish: (set) => finishedSet(parts, parameterization, set),
    ...(row?.choice && { known: row.choice }),
  })
  const { state, measure } = chosen
  const decoder = { ...config.set, summary }
  const { protocol } = measure
  const storage = await writeRunSet({ folder, parts, parameterization, state, protocol, preprocessing, decoder })
  return { ...chosen, objective: spec.objective, storage, name }
}

/** Plain images of as many floats, by the same objective, key and data; no game plays on a single view. */
async function addPixels(run: Run, budget: Budget, rows: Rows): Promise<void> {
  const { read, parts } = run
  const { image, classes } = parts.data
  const { config } = read
  const settings = config.compare.pixels!
  const { steps = config.steps, objectiveOptimizer = config.objectiveOptimizer, clipNorm = config.clipNorm } = settings
  const name = 'distilled pixels'
  await rows.add('pixels', steps, async () => {
    const folder = join(run.folder, 'pixels')
    const parameterization = pixels({ image, classes, perClass: budget.perClass }) as AnyParameterization
    const last = await distilInto({
      ...intoOf(run),
      folder,
      what: 'distilling pixels: step',
      spec: {
        ...(await specOf(parts)),
        parameterization,
        optimizer: makeOptimizer(parts, settings.optimizer, 'compare.pixels.optimizer', clipNorm),
        ...(objectiveOptimizer && {
          objectiveOptimizer: makeOptimizer(parts, objectiveOptimizer, 'compare.pixels.objectiveOptimizer'),
        }),
        steps,
      } as DistillSpec,
    })
    const measureLast = await measureOf(run, last)
    const chosen = await chooseCheckpoint({ folder, state: last, parameterization, measure: measureLast, what: name })
    const { state, measure } = chosen
    const decoder = { use: 'pixels', perClass: budget.perClass }
    const { protocol } = measure
    const preprocessing = seenFrom('..', run.preprocessing)
    const storage = await writeRunSet({ folder, parts, parameterization, state, protocol, preprocessing, decoder })
    const accuracy = await measureSet(await rendered(run, parameterization, state), chosen, name)
    return row(name, accuracy, storage, `${budget.images} images${distilledNote(run, state)}`)
  })
}

const intoOf = ({ read, progress, interruption, todo }: Run) => ({
  checkpointEvery: read.config.checkpointEvery,
  ...(read.config.memory !== undefined && { memory: read.config.memory }),
  progress,
  interruption,
  todo,
})

const specOf = async (parts: Parts) => ({
  engine: parts.engine,
  key: keyFor(parts.key, 'distill'),
  real: parts.data.train,
  objective: await makeObjective(parts),
  differentiation: differentiations[parts.read.config.differentiation],
})

const rendered = ({ parts }: Run, parameterization: AnyParameterization, { set }: DistillState) =>
  expand(parts.engine, parameterization, set as Tree)

/** The protocol of a run for a set with or without a learned rate; without, a learned one is replaced by 0.01. */
async function measureOf(run: Run, state?: DistillState, epochs?: number): Promise<Measure> {
  const { parts, progress, interruption, todo } = run
  const { evaluate } = parts.read.config
  const learned = state && new Map(learnedNumbers(state)).get('rate')
  const settings = {
    ...evaluate,
    ...(!state && evaluate.rate === 'learned' && { rate: 0.01 }),
    ...(epochs !== undefined && { epochs }),
  }
  const protocol: Protocol = await makeProtocol(parts, settings, learned)
  const watch = (onCall: (name: string) => void) =>
    interruptible(parts.engine, interruption, `Stopped while testing. ${todo}`, onCall)
  const measure = { parts, watch, protocol, networks: evaluate.networks, progress }
  if (!parts.validation) return measure
  const rates = [...new Set([...evaluate.rates, ...(learned === undefined ? [] : [learned])])]
  const { trialNetworks } = evaluate
  const protocolAt = (rate: number) => ({ ...protocol, rate })
  const choosing = { validation: parts.validation, rates, trialNetworks, protocolAt }
  return { ...measure, choosing }
}

/** By what a row was distilled, and what it stores besides images or bases. */
const distilledNote = ({ read }: Run, state: DistillState) =>
  [`, by ${read.config.objective.use}`, ...learnedNumbers(state).map(([name]) => `, with a learned ${name}`)].join('')

const plain = ({ floats, images }: Budget) => ({ floats, bytes: 4 * (floats + images) })

const row = (
  name: string,
  { mean, std, accuracies, protocol, choice }: Measured,
  { floats, bytes }: Pick<StorageReport, 'floats' | 'bytes'>,
  note: string,
): Omit<Row, 'id'> => ({
  name,
  floats,
  bytes,
  mean,
  std,
  accuracies,
  note,
  ...(protocol && { protocol }),
  ...(choice && { choice }),
})

/** A summary's first word or words, where a colon follows them: the name people know something by. */
const titleOf = (use: string, summary: string): string => /^([^:]{1,24}):/.exec(summary)?.[1] ?? use

interface Rows {
  /** Measures a row and writes the result, unless it is there already, after as many steps. */
  add(id: RowId, steps: number | undefined, measure: () => Promise<Omit<Row, 'id'>>): Promise<void>
}

function rowsOf({ folder, read }: Run, caption: string): Rows {
  return {
    async add(id, steps, measure) {
      const known = (await readResult(folder))?.rows ?? []
      if (known.some((one) => one.id === id && one.steps === steps)) return
      const measured = { id, ...(await measure()), ...(steps !== undefined && { steps }) }
      await writeResult(folder, { name: read.config.name, caption, rows: withRow(known, measured) })
    },
  }
}
