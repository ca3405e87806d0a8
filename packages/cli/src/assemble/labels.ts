import { HabaError, type AnyParameterization, type Tree } from '@haba/core'
import { openExperts } from '@haba/matching/experts'
import {
  asLogits,
  asProbabilities,
  hardLabels,
  predictedLabels,
  uniformLabels,
  type LabeledParams,
  type LabeledSet,
  type LabelStart,
} from '@haba/sets'
import type { TargetSettings } from '../config/config.js'
import { inPlace } from './in-place.js'
import type { Parts } from './parts.js'

/** How labels are stored, by name. */
export const labelStorages = { probabilities: asProbabilities, logits: asLogits } as const

/** How labels start. @param parts for labels that an expert gives; without, only their shapes are right */
export async function labelStart({ start, expert, epoch }: TargetSettings, parts?: Parts): Promise<LabelStart> {
  if (start === 'uniform') return uniformLabels
  if (start === 'hard' || !parts) return hardLabels
  const { network, engine } = parts
  const { experts: folder } = parts.read.config.objective
  if (typeof folder !== 'string')
    throw new HabaError('targets', 'an objective with experts, for "expert"', 'none', 'Write "hard" or "uniform".')
  const experts = await openExperts(folder, network)
  return predictedLabels({ engine, network, weights: () => experts.read(expert, epoch ?? experts.epochs) })
}

/** Labels that an expert gives to a set as it has become, where the configuration asks for it; else the set itself. */
export async function finishedSet(parts: Parts, parameterization: AnyParameterization, set: Tree): Promise<Tree> {
  const { targets } = parts.read.config.set
  if (targets?.assigned !== 'at-the-end') return set
  const labeled = parameterization as LabeledSet
  return await inPlace({ file: parts.read.file, path: 'set.targets' }, async () => ({
    ...(set as LabeledParams),
    targets: await labeled.relabel(set as LabeledParams, await labelStart({ ...targets, start: 'expert' }, parts)),
  }))
}
