import { checkedJson, HabaError, identify, indicesByClass, type Engine } from '@haba/core'
import { writeWhole } from '@haba/core/files'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { budgetOf } from '../assemble/budget.js'
import { configBudget } from '../assemble/config-budget.js'
import { inPlace } from '../assemble/in-place.js'
import { makeSet } from '../assemble/make-set.js'
import { openParts, type Parts } from '../assemble/parts.js'
import { checkViews } from '../assemble/sizes.js'
import { configText } from '../config/write-config.js'
import { pixelsCanStart } from '../measure/pixels-row.js'
import { comparesAtEqualBytes } from '../measure/run-rows.js'
import { mostOf } from '../measure/stored-images.js'
import { checkCheckpoint } from './checkpoints.js'
import { checkRun, distilledHash } from './made-of.js'
import { savePreprocessing } from './preprocessing-file.js'
import { expertsOf } from './recorded-experts.js'
import { heldHash } from './resumable.js'
import type { Run, RunOptions } from './run.js'
import { FILES } from './run-folder.js'

/**
 * Reads the data of a run, makes its set, and records what the run is made of. All checks run before anything is written.
 *
 * @throws HabaError if a class has no images, a comparison is impossible, or the folder holds another run
 */
export async function beginRun(options: RunOptions, engine: Engine): Promise<Run> {
  const { folder, read, progress } = options
  const { compare, codec, steps } = read.config
  progress.say(`Reading ${read.config.data.use}.`)
  const opened = await openParts(read, engine, progress.pulse)
  const { warnings = [], preprocessing, image, classes, train } = opened.data
  for (const warning of warnings) progress.say(warning)
  const { run: begun = heldHash(read), ...images } = opened.made
  const made = { ...images, ...(await expertsOf(opened, progress.say)), run: begun }
  const parts: Parts = { ...opened, made }
  if (read.run) checkRun(read.run, made, ['experts'])
  const parameterization = await makeSet(read, parts.data, parts)
  await inPlace({ file: read.file, path: 'set' }, () =>
    checkViews(read.config.set, read.config.objective['views'], parameterization.layout),
  )
  checkEveryClass(parts)
  const { bytes: planned } = await configBudget(read, parts.data)
  if (compare.pixels?.perClass !== undefined && codec?.transform !== 'dct')
    throw new HabaError(
      `config ${read.file}: compare.pixels.perClass`,
      'a codec with "transform": "dct", whose steps grow until the images fit',
      'none',
      'Leave it out: then as many images are distilled as fit.',
    )
  if (options.only !== 'set' && comparesAtEqualBytes(compare))
    budgetOf(planned, image, classes, { bytesPerValue: 1, most: mostOf(train) })
  const pixels = compare.pixels !== undefined && (await pixelsCanStart(parts, parameterization, progress.say))
  const saved = await savePreprocessing(folder, preprocessing)
  await options.begin?.(distilledHash(made))
  await checkSteps(folder, steps)
  await checkCheckpoint(folder, distilledHash(made))
  await writeBegun(folder, parts)
  const todo = `Resume with \`haba distill --resume ${folder}\`.`
  return { ...options, parts, parameterization, pixels, preprocessing: saved, todo }
}

/** @throws HabaError if a class has no training images to distill */
function checkEveryClass({ data: { train, classNames }, made: { heldOut } }: Parts): void {
  const absent = indicesByClass(train.labels, train.classes).findIndex(({ length }) => length === 0)
  if (absent >= 0)
    throw new HabaError(
      'distill',
      'training images of every class',
      `none of "${classNames[absent]}"`,
      heldOut
        ? 'The protocol "ours" holds one image of every class out: choose another protocol, or add images.'
        : 'Leave the class out, or add images.',
    )
}

/** Refuses fewer steps than the run has taken, before anything is written. */
async function checkSteps(folder: string, steps: number): Promise<void> {
  const file = join(folder, FILES.metrics)
  const taken = existsSync(file) ? (await readFile(file, 'utf8')).split('\n').length - 1 : 0
  if (taken > steps)
    throw new HabaError(
      `run ${folder}`,
      `at least ${taken} steps, which it has taken`,
      `steps ${steps}`,
      'Ask for more --steps, or start a new run.',
    )
}

/** Writes the identity of a run. The configuration comes last, because a folder with one counts as a run. */
async function writeBegun(folder: string, { read, made }: Parts): Promise<void> {
  const text = configText(read.config, read.tables, folder)
  const begun = { identity: identify(made), config: JSON.parse(text) as unknown }
  await writeWhole(join(folder, FILES.identity), `${checkedJson(begun, 2)}\n`)
  await writeWhole(join(folder, FILES.config), text)
}
