import { mostBytesOf } from '@haba/codec'
import { pixels, sizeOf, type AnyParameterization, type Tree } from '@haba/core'
import { expand, type DistillSpec, type DistillState } from '@haba/distill'
import { join } from 'node:path'
import type { CodecSettings } from '../config/config.js'
import { selectionNames } from '../plugins/selections.js'
import { budgetOf, bytesOfLabels, spread, spreadText } from './budget.js'
import { configBudget } from './config-budget.js'
import { chooseCheckpoint, type ChosenCheckpoint } from './choose-checkpoint.js'
import { codecFor, isCoded, mostStorage, roundedFrom, seenRounded } from './coded-set.js'
import { distilInto } from './distil-into.js'
import { drawRun } from './draw-run.js'
import { measureReal, measureSet } from './evaluate-rows.js'
import { readRunSet, writeRunSet } from './finished-run.js'
import { finishedSet } from './labels.js'
import { addRealRows } from './real-rows.js'
import {
  distilledNote,
  equalBytesText,
  intoOf,
  measureOf,
  row,
  rowsOf,
  type Rows,
  type Run,
  type RunOptions,
} from './run-rows.js'
import { mostOf } from './stored-images.js'
import { makeOptimizer } from './optimizers.js'
import {
  differentiations,
  keyFor,
  makeGames,
  makeObjective,
  makeSet,
  openEngine,
  openParts,
  type Parts,
} from './parts.js'
import { measurePrescribed, measurePrescribedRandom, sequenceText } from './prescribed-rows.js'
import { savePreprocessing, seenFrom, type SavedPreprocessing } from './preprocessing-file.js'
import type { Result } from './result.js'
import { readResult, writeWhole } from './run-folder.js'
import { sayStrength } from './say-strength.js'

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
  const compares = compare.random || compare.pixels !== undefined || selectionNames.some((name) => compare[name])
  // Before anything is distilled: a set may be too small to compare.
  if (compares) budgetOf((await configBudget(read, parts.data)).bytes, image, classes, { bytesPerValue: 1 })
  const set = await distilSet(run, parameterization)
  const { bytes } = set.storage
  const rows = rowsOf(run, compares ? equalBytesText(bytes) : '')

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
    if (compare.random)
      await rows.add('prescribedRandom', set.state.step, async () => {
        const name = 'random (uint8), as prescribed'
        const budget = budgetOf(bytes, image, classes, { bytesPerValue: 1, most: mostOf(train) })
        const accuracy = await measurePrescribedRandom(prescribed, budget.perClass, name)
        return row(name, accuracy, budget, `${spreadText(budget)}, by the same steps`)
      })
  }
  await addRealRows(run, bytes, rows)
  if (compare.pixels) await addPixels(run, pixelsBudget(run, parameterization, set.state.set), rows)
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
      return row(name, accuracy, { floats, bytes: floats + 4 * images }, note)
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
    ...laterOf(run, parameterization, config.steps),
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
  const decoder = { ...config.set, summary }
  const stored = await storeSet(run, { folder, parameterization, chosen, preprocessing, decoder })
  return { ...chosen, ...stored, objective: spec.objective, name }
}

interface ToStore {
  readonly folder: string
  readonly parameterization: AnyParameterization
  readonly chosen: ChosenCheckpoint
  readonly preprocessing: SavedPreprocessing
  readonly decoder: Readonly<Record<string, unknown>>
  /** Plain images have none of the parts that a configuration may code otherwise. */
  readonly plain?: boolean
}

/** Writes a set, coded where the configuration says so; the state returned holds what its file decodes to. */
async function storeSet(
  run: Run,
  { folder, parameterization, chosen, preprocessing, decoder, plain = false }: ToStore,
) {
  const { parts, progress, interruption, todo } = run
  const { codec: settings } = parts.read.config
  const { state, measure } = chosen
  const { protocol } = measure
  const own = { folder, parts, parameterization, state, protocol, preprocessing, decoder }
  if (!settings) return { state, storage: await writeRunSet(own) }
  if (!(await isCoded(folder, state.step, settings))) {
    const shared = { parts, parameterization, progress, interruption, todo }
    const how = plain ? { ...settings, parts: {} } : settings
    await writeRunSet({ ...own, codec: await codecFor({ ...shared, set: state.set, settings: how }) })
  }
  const { params, manifest } = await readRunSet(folder, parameterization)
  return { state: { ...state, set: params }, storage: manifest.storage }
}

/** The last part of a run, where the set is distilled as it looks rounded. @param parts @default the codec's */
function laterOf({ read }: Run, parameterization: AnyParameterization, steps: number, parts?: CodecSettings['parts']) {
  const { codec } = read.config
  if (!codec || codec.during === 0) return {}
  const seen = seenRounded(parameterization, { ...codec, ...(parts && { parts }) })
  return { later: { after: roundedFrom(codec, steps), parameterization: seen } }
}

/**
 * How many distilled images are as large as the set: of 32-bit numbers; or of the same codec, before entropy coding, whose
 * gain is known only in the end.
 */
function pixelsBudget({ parts, read }: Run, parameterization: AnyParameterization, set: Tree): readonly number[] {
  const { image, classes } = parts.data
  const { codec } = read.config
  if (!codec) return budgetOf(parameterization.storage(set).bytes, image, classes, { bytesPerValue: 4 }).perClass
  const whole = mostStorage(set, parameterization.storage(set), codec).bytes
  const plain = { ...codec, parts: {} }
  const bytes = (images: number) => {
    const shape = [images, ...image]
    return mostBytesOf(new Map([['images', { shape, size: sizeOf(shape), dtype: 'float32' as const }]]), plain)
  }
  let images = Math.floor((8 * whole) / sizeOf(image))
  while (images > classes && bytes(images) + bytesOfLabels(spread(images, classes)) > whole) images--
  return spread(Math.max(classes, images), classes)
}

/** Plain images of as many bytes, by the same objective, key and data; no game plays on a single view. */
async function addPixels(run: Run, perClass: readonly number[], rows: Rows): Promise<void> {
  const { read, parts } = run
  const { image, classes } = parts.data
  const { config } = read
  const settings = config.compare.pixels!
  const { steps = config.steps, objectiveOptimizer = config.objectiveOptimizer, clipNorm = config.clipNorm } = settings
  const name = 'distilled pixels'
  await rows.add('pixels', steps, async () => {
    const folder = join(run.folder, 'pixels')
    const parameterization = pixels({ image, classes, perClass }) as AnyParameterization
    const last = await distilInto({
      ...intoOf(run),
      ...laterOf(run, parameterization, steps, {}),
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
    const decoder = { use: 'pixels', perClass }
    const preprocessing = seenFrom('..', run.preprocessing)
    const { state, storage } = await storeSet(run, {
      folder,
      parameterization,
      chosen,
      preprocessing,
      decoder,
      plain: true,
    })
    const accuracy = await measureSet(await rendered(run, parameterization, state), chosen, name)
    return row(name, accuracy, storage, `${parameterization.layout.slots} images${distilledNote(run, state)}`)
  })
}

const specOf = async (parts: Parts) => ({
  engine: parts.engine,
  key: keyFor(parts.key, 'distill'),
  real: parts.data.train,
  objective: await makeObjective(parts),
  differentiation: differentiations[parts.read.config.differentiation],
})

const rendered = ({ parts }: Run, parameterization: AnyParameterization, { set }: DistillState) =>
  expand(parts.engine, parameterization, set as Tree)

/** A summary's first word or words, where a colon follows them: the name people know something by. */
const titleOf = (use: string, summary: string): string => /^([^:]{1,24}):/.exec(summary)?.[1] ?? use
