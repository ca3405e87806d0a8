import {
  adam,
  clampBelow,
  boundary,
  partition,
  clipByGlobalNorm,
  HabaError,
  projectSimplex,
  sgd,
  stepDecay,
  projectBox,
  type Dataset,
  type Optimizer,
} from '@haba/core'
import type { Optimizers } from '../config/config.js'
import { inPlaceSync } from './in-place.js'
import type { Parts } from './parts.js'

function optimizerOf(settings: Optimizers[string], data: Dataset): Optimizer {
  const {
    use,
    learningRate,
    momentum,
    betas,
    decay,
    project,
    projectEvery: every,
    clampBelow: bound,
    boundary: weight,
  } = settings
  const plain = (
    use === 'adam' ? adam({ learningRate, ...(betas && { betas }) }) : sgd({ learningRate, momentum })
  ) as Optimizer
  const inside = weight === undefined ? plain : boundary(weight, plain)
  const decayed = (decay ? stepDecay(decay, inside) : inside) as Optimizer
  const kept =
    project === undefined
      ? decayed
      : ((project === 'pixels'
          ? projectBox({ low: channelsOf(0, data), high: channelsOf(1, data), ...(every && { every }) }, decayed)
          : projectSimplex(decayed)) as Optimizer)
  return bound === undefined ? kept : clampBelow(bound, kept)
}

/** What a pixel of this brightness is in each channel, as networks see it. */
function channelsOf(brightness: 0 | 1, { image, preprocessing }: Dataset): readonly number[] {
  const [height, width, channels] = image
  const values = preprocessing.apply(new Float32Array(height * width * channels).fill(brightness), image)
  const first = [...values.subarray(0, channels)]
  if (values.some((value, i) => value !== first[i % channels]))
    throw new HabaError(
      'project',
      'preprocessing that treats all places alike, for "pixels"',
      preprocessing.name,
      'Leave "project" out, or do not whiten.',
    )
  return first
}

/**
 * An optimizer part by part; a part that the parameters lack, or lack an optimizer for, is an error at `init`.
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
  const parts = partition(Object.fromEntries(inPlaceSync({ file, path }, made)))
  const optimizer = clipNorm === undefined ? parts : clipByGlobalNorm(clipNorm, parts)
  return {
    ...optimizer,
    init: (params) => inPlaceSync({ file, path }, () => optimizer.init(params)),
  }
}

/** The least that optimizers let what an objective learns become, by name. */
export const leastOf = (optimizers: Optimizers = {}): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(optimizers).flatMap(([name, { clampBelow: least }]) => (least === undefined ? [] : [[name, least]])),
  )
