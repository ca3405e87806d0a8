import type { AnyParameterization } from '@haba/core'
import { startDistilling } from '@haba/distill'
import { join } from 'node:path'
import type { Config } from '../config/config.js'
import type { DistilledSet } from '../folder/distill-set.js'
import { seenFrom } from '../folder/preprocessing-file.js'
import type { Run } from '../folder/run.js'
import { storeSet } from '../folder/store-set.js'
import { sayStrength } from '../tell/say-strength.js'
import { chooseCheckpoint } from './choose-checkpoint.js'
import { measureReal, measureSet } from './evaluate-rows.js'
import { addPixels } from './pixels-row.js'
import { addPrescribed } from './prescribed-rows.js'
import { addRealRows } from './real-rows.js'
import {
  comparesAtEqualBytes,
  distilledNote,
  equalBytesText,
  measureOf,
  rendered,
  row,
  rowsOf,
  type Rows,
} from './run-rows.js'

/** Measures the set of a run and its baselines: every row that is not in the folder yet. */
export async function measureRun(run: Run, set: DistilledSet): Promise<void> {
  const { compare } = run.read.config
  const { bytes } = set.storage
  const rows = rowsOf(run, comparesAtEqualBytes(compare) ? equalBytesText(bytes) : '')
  await addSet(run, set, rows)
  if (run.only === 'set') return
  await addPrescribed(run, set, rows)
  await addRealRows(run, bytes, rows)
  if (compare.start) await addStart(run, set, rows)
  if (run.pixels) await addPixels(run, { parameterization: run.parameterization, ...set }, rows)
  if (compare.fullData) await addFullData(run, compare.fullData, rows)
}

const addSet = (run: Run, set: DistilledSet, rows: Rows) =>
  rows.add('set', run.read.config.steps, async () => {
    const { name, state, storage } = set
    const images = await rendered(run, run.parameterization, state)
    await sayStrength(name, images, run.parts.data.train, run.progress)
    const accuracy = await measureSet(images, set, name)
    return row(name, accuracy, storage, countText(run.parameterization) + distilledNote(run, state))
  })

/** Adds the set before distillation, stored in the same way. */
const addStart = (run: Run, set: DistilledSet, rows: Rows) =>
  rows.add('start', undefined, async () => {
    const { parameterization } = run
    const folder = join(run.folder, 'start')
    const name = `${set.name}, not distilled`
    const state = await startDistilling(set.spec)
    const measure = await measureOf(run, state)
    const chosen = await chooseCheckpoint({ folder, state, parameterization, measure, what: name })
    const preprocessing = seenFrom('..', run.preprocessing)
    const stored = await storeSet(run, { folder, parameterization, chosen, preprocessing, decoder: set.decoder })
    const accuracy = await measureSet(await rendered(run, parameterization, stored.state), chosen, name)
    return row(name, accuracy, stored.storage, `${countText(parameterization)}, as it starts`)
  })

/** Adds all training images, counted as 32-bit values. */
const addFullData = (run: Run, { epochs, networks }: NonNullable<Config['compare']['fullData']>, rows: Rows) =>
  rows.add('fullData', undefined, async () => {
    const name = 'all training data'
    const { image, train } = run.parts.data
    const whole = await measureOf(run, undefined, epochs)
    // Exactly the configured epochs, without the extra one of the released codes.
    const protocol = epochs === undefined ? whole.protocol : { ...whole.protocol, epochs }
    const measure = { ...whole, protocol, networks }
    const accuracy = await measureReal(train, measure, name)
    const images = train.labels.length
    const floats = images * image[0] * image[1] * image[2]
    const { epochs: seen } = measure.protocol
    const note = `${images.toLocaleString('en-US')} images, each seen ${seen === 1 ? 'once' : `${seen} times`}`
    return row(name, accuracy, { floats, bytes: floats + 4 * images }, note)
  })

const countText = ({ layout: { slots, views } }: AnyParameterization) =>
  views === 1 ? `${slots} images` : `${slots} stored, ${views} views of each`
