import {
  adam,
  atLeast,
  boundary,
  byName,
  clipByGlobalNorm,
  HabaError,
  onSimplex,
  sgd,
  stepDecay,
  within,
  type Dataset,
  type Optimizer,
} from '@haba/core'
import type { Optimizers } from '../config/config.js'
import { inPlaceSync } from './in-place.js'
import type { Parts } from './parts.js'

function optimizerOf(settings: Optimizers[string], data: Dataset): Optimizer {
  const { use, rate, momentum, betas, decay, keep, keepEvery: every, atLeast: bound, boundary: weight } = settings
  const plain = (use === 'adam' ? adam({ rate, ...(betas && { betas }) }) : sgd({ rate, momentum })) as Optimizer
  const inside = weight === undefined ? plain : boundary(weight, plain)
  const decayed = (decay ? stepDecay(decay, inside) : inside) as Optimizer
  const kept =
    keep === undefined
      ? decayed
      : ((keep === 'pixels'
          ? within({ low: channelsOf(0, data), high: channelsOf(1, data), ...(every && { every }) }, decayed)
          : onSimplex(decayed)) as Optimizer)
  return bound === undefined ? kept : atLeast(bound, kept)
}

/** What a pixel of this brightness is in each channel, as networks see it. */
function channelsOf(brightness: 0 | 1, { image, preprocessing }: Dataset): readonly number[] {
  const [height, width, channels] = image
  const values = preprocessing.apply(new Float32Array(height * width * channels).fill(brightness), image)
  const first = [...values.subarray(0, channels)]
  if (values.some((value, i) => value !== first[i % channels]))
    throw new HabaError(
      'keep',
      'preprocessing that treats all places alike, for "pixels"',
      preprocessing.name,
      'Leave "keep" out, or do not whiten.',
    )
  return first
}

/**
 * An optimiser part by part; a part that the parameters lack, or lack an optimiser for, is an error at `init`.
 *
 * @param clipNorm largest norm of the gradient of all parts @default any
 */
export function makeOptimizer(
  { read: { file }, data }: Pick<Parts, 'read' | 'data'>,
  settings: Optimizers,
  path: string,
  clipNorm?: number,
): Optimizer {
  const made = () => Object.entries(settings).map(([name, one]) => [name, optimizerOf(one, data)] as const)
  const parts = byName(Object.fromEntries(inPlaceSync({ file, path }, made))) as unknown as Optimizer
  const optimizer = clipNorm === undefined ? parts : clipByGlobalNorm(clipNorm, parts)
  return {
    ...optimizer,
    init: (params) => inPlaceSync({ file, path }, () => optimizer.init(params)),
  }
}
