import { HabaError, sizeOf, type ImageContext } from '@haba/core'
import { totalmem } from 'node:os'
import type { Named } from '../config/config.js'

/** The bytes that an option's number costs at least, whatever else is chosen. */
const costs: Readonly<Record<string, (count: number, of: ImageContext & { readonly options: Named }) => number>> = {
  perClass: (count, { classes, image }) => 4 * count * classes * sizeOf(image),
  basesPerClass: (count, { classes }) => 4 * count * classes,
  realPerClass: (count, { image }) => 4 * count * sizeOf(image),
  hallucinators: (count) => 4 * count,
  width: (count, { image, options: { depth } }) =>
    4 * count * image[2] + (typeof depth === 'number' && depth > 1 ? 4 * count * count : 0),
  // A layer is traced, compiled and named: it costs a kilobyte before it has a single weight.
  depth: (count) => 1024 * count,
}

/**
 * Refuses numbers that no run on this machine can fit, before anything of them is made.
 *
 * @param available bytes @default those of the machine
 * @throws HabaError naming the option, with the least that it needs
 */
export function checkSizes(options: Named, context: ImageContext, available = totalmem()): void {
  for (const [name, cost] of Object.entries(costs)) {
    const count = options[name]
    if (typeof count !== 'number') continue
    const bytes = cost(count, { ...context, options })
    if (bytes <= available) continue
    const megabytes = (of: number) => `${Math.ceil(of / 2 ** 20).toLocaleString('en-US')} MB`
    throw new HabaError(
      options.use,
      `what fits into the ${megabytes(available)} of this machine`,
      `${name} ${count.toLocaleString('en-US')}, which takes ${megabytes(bytes)} at least`,
      'Choose a smaller number.',
    )
  }
}
