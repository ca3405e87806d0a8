import type { AnyParameterization, ImageContext, ImageShape } from '@haba/core'
import { labeled } from '@haba/sets'
import type { ReadConfig } from '../config/read-config.js'
import { inPlace } from './in-place.js'
import { labelStart, labelStorages } from './labels.js'
import { optionsOf, shapeOf, type Parts } from './parts.js'
import { checkSizes } from './sizes.js'

/**
 * The set of a configuration.
 *
 * @param parts for labels that an expert gives; without, only their shapes are right
 */
export const makeSet = (
  { config, tables, file }: ReadConfig,
  context: ImageContext,
  parts?: Parts,
): Promise<AnyParameterization> =>
  inPlace({ file, path: 'set' }, async () => {
    const { targets, of, ...named } = config.set
    const { image, classes } = context
    for (const one of of ? [named, of] : [named]) checkSizes(one, context)
    const size = (named.basis as ImageShape | undefined) ?? image
    const inner = of && (await tables.parameterizations[of.use]!.make(optionsOf(of), { image: size, classes }))
    const made = await tables.parameterizations[named.use]!.make(optionsOf(named), {
      ...shapeOf(context),
      ...(inner && { of: inner }),
    })
    return targets
      ? labeled({ of: made, stored: labelStorages[targets.stored], start: await labelStart(targets, parts) })
      : made
  })
