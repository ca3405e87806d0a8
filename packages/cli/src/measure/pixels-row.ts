import { mostBytesOf } from '@haba/codec'
import {
  disposeTree,
  pixels,
  sizeOf,
  storageOf,
  type AnyParameterization,
  type StorageReport,
  type Tree,
} from '@haba/core'
import type { DistillSpec, DistillState } from '@haba/distill'
import { join } from 'node:path'
import { budgetOf, bytesOfLabels, spread } from '../assemble/budget.js'
import { chooseCheckpoint } from './choose-checkpoint.js'
import { laterOf, mostStorage } from '../assemble/coded-set.js'
import { distillInto } from '../folder/distill-into.js'
import { measureSet } from './evaluate-rows.js'
import { shapesOf } from '../folder/finished-run.js'
import { leastOf, makeOptimizer } from '../assemble/optimizers.js'
import type { Parts } from '../assemble/parts.js'
import { specOf } from '../assemble/spec.js'
import { seenFrom } from '../folder/preprocessing-file.js'
import { distilledNote, measureOf, rendered, row, type Rows } from './run-rows.js'
import { intoOf, type Run } from '../folder/run.js'
import { mostOf } from './stored-images.js'
import { storeSet } from '../folder/store-set.js'

/** Whether every class has enough real images to start distilled pixels from. If not, it says so. */
export async function pixelsCanStart(
  parts: Parts,
  parameterization: AnyParameterization,
  say: (text: string) => void,
): Promise<boolean> {
  const shapes = await shapesOf(parameterization)
  const needed = Math.max(...pixelsBudget(parts, parameterization, shapes))
  disposeTree(shapes)
  const most = mostOf(parts.data.train)
  if (needed <= most) return true
  say(
    `Distilled pixels are skipped: they need ${needed} real images of a class to start from, and the smallest class has only ` +
      `${most}.`,
  )
  return false
}

/**
 * The number of distilled images per class that take as many bytes as the set: as 32-bit values; or with the same codec, before
 * entropy coding, whose gain is known only at the end. If coefficients are rounded until they fit, the configured number, or
 * as many values.
 */
function pixelsBudget({ data, read }: Parts, parameterization: AnyParameterization, set: Tree): readonly number[] {
  const { image, classes } = data
  const { codec } = read.config
  if (!codec) return budgetOf(storageOf(parameterization, set).bytes, image, classes, { bytesPerValue: 4 }).perClass
  const whole = mostStorage(set, storageOf(parameterization, set), codec).bytes
  if (codec.transform === 'dct') {
    const { perClass } = read.config.compare.pixels!
    if (perClass !== undefined) return new Array<number>(classes).fill(perClass)
    const { floats } = storageOf(parameterization, set)
    return spread(Math.max(classes, Math.floor(floats / sizeOf(image))), classes)
  }
  const plain = { ...codec, parts: {} }
  const bytes = (images: number) => {
    const shape = [images, ...image]
    return mostBytesOf(new Map([['images', { shape, size: sizeOf(shape), dtype: 'float32' as const }]]), plain)
  }
  let images = Math.floor((8 * whole) / sizeOf(image))
  while (images > classes && bytes(images) + bytesOfLabels(spread(images, classes)) > whole) images--
  return spread(Math.max(classes, images), classes)
}

/** The set that pixels are compared with. */
interface Beside {
  readonly parameterization: AnyParameterization
  readonly state: DistillState
  readonly storage: StorageReport
}

/** Adds distilled pixels of as many bytes, with the same objective, key and data, without games (they need several views). */
export async function addPixels(run: Run, beside: Beside, rows: Rows): Promise<void> {
  const { read, parts } = run
  const { image, classes } = parts.data
  const { config } = read
  const { bytes } = beside.storage
  const perClass = pixelsBudget(parts, beside.parameterization, beside.state.set)
  const settings = config.compare.pixels!
  const { steps = config.steps, objectiveOptimizer = config.objectiveOptimizer, clipNorm = config.clipNorm } = settings
  // Plain images lack the parts that `codec.parts` can name.
  const codec = config.codec && { ...config.codec, parts: {}, ...(config.codec.bytes !== undefined && { bytes }) }
  const name = 'distilled pixels'
  await rows.add('pixels', steps, async () => {
    const folder = join(run.folder, 'pixels')
    const parameterization = pixels({ image, classes, perClass }) as AnyParameterization
    const spec = {
      ...(await specOf(parts)),
      parameterization,
      optimizer: makeOptimizer(parts, settings.optimizer, 'compare.pixels.optimizer', clipNorm),
      ...(objectiveOptimizer && {
        objectiveOptimizer: makeOptimizer(parts, objectiveOptimizer, 'compare.pixels.objectiveOptimizer'),
      }),
      steps,
    } as DistillSpec
    const last = await distillInto({
      ...intoOf(run),
      ...(await laterOf(codec, spec)),
      folder,
      what: 'distilling pixels: step',
      least: leastOf(objectiveOptimizer),
      spec,
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
      settings: codec,
    })
    const accuracy = await measureSet(await rendered(run, parameterization, state), chosen, name)
    return row(name, accuracy, storage, `${parameterization.layout.slots} images${distilledNote(run, state)}`)
  })
}
