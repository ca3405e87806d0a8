import { HabaError, sizeOf, type ImageContext, type ImageShape, type Layout } from '@haba/core'
import { totalmem } from 'node:os'
import type { Named } from '../config/config.js'

/** Copies of what a step updates: old values, gradient, new values. */
const copies = 3

/** Bytes that a step needs for a float of the set. */
const moved = copies * 4

/** The least bytes that an option needs, whatever the other options are. */
const costs: Readonly<Record<string, (count: number, of: ImageContext & { readonly options: Named }) => number>> = {
  perClass: (count, { classes, image }) => 4 * count * classes * sizeOf(image),
  basesPerClass: (count, { classes, image, options: { basis = image } }) =>
    moved * count * classes * sizeOf(basis as ImageShape),
  hallucinators: (count, { image, options: { basis = image, kernel = 3, modulation, padding } }) =>
    moved * count * leastHallucinator(basis as ImageShape, { kernel: Number(kernel), modulation, padding }),
  realPerClass: (count, { image }) => 4 * count * sizeOf(image),
  width: (count, { image, options: { depth } }) =>
    4 * count * image[2] + (typeof depth === 'number' && depth > 1 ? 4 * count * count : 0),
  // A layer is traced, compiled and named: it costs a kilobyte before it has a single weight.
  depth: (count) => 1024 * count,
}

/** Floats of a hallucinator with one hidden channel: two convolutions, scales and shifts. */
function leastHallucinator(
  [height, width]: ImageShape,
  { kernel, modulation, padding }: { readonly kernel: number; readonly modulation: unknown; readonly padding: unknown },
): number {
  const lost = padding === 'same' ? 0 : kernel - 1
  const map = modulation === 'channel' ? 1 : Math.max(1, height - lost) * Math.max(1, width - lost)
  return 2 * kernel * kernel + 2 * map
}

const megabytes = (bytes: number) => `${Math.ceil(bytes / 2 ** 20).toLocaleString('en-US')} MB`

/**
 * Refuses sizes that cannot fit into this machine's memory, before anything of that size is allocated.
 *
 * @param available bytes @default those of the machine
 * @throws HabaError naming the option and the least memory for it
 */
export function checkSizes(options: Named, context: ImageContext, available = totalmem()): void {
  for (const [name, cost] of Object.entries(costs)) {
    const count = options[name]
    if (typeof count !== 'number') continue
    const bytes = cost(count, { ...context, options })
    if (bytes <= available) continue
    throw new HabaError(
      options.use,
      `what fits into the ${megabytes(available)} of this machine`,
      `${name} ${count.toLocaleString('en-US')}, which takes ${megabytes(bytes)} at least`,
      'Choose a smaller number.',
    )
  }
}

/**
 * Refuses a set if the objective takes all views of a class at once and these do not fit into memory.
 *
 * @param set the configuration's
 * @param views the objective's option
 * @param available bytes @default those of the machine
 * @throws HabaError with the number of images and the least memory for them
 */
export function checkViews(set: Named, views: unknown, layout: Layout, available = totalmem()): void {
  if (views !== 'all') return
  const { slots, classes, image } = layout
  const images = Math.ceil(slots / classes) * layout.views
  const bytes = copies * 4 * images * sizeOf(image)
  if (bytes <= available) return
  const count = images.toLocaleString('en-US')
  throw new HabaError(
    set.use,
    `images of a class that fit into the ${megabytes(available)} of this machine`,
    `${count} under all views, which take ${megabytes(bytes)} at least`,
    'Choose a smaller set, or a number of "views" in the objective.',
  )
}
