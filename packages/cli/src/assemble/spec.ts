import type { AnyParameterization } from '@haba/core'
import type { DistillSpec } from '@haba/distill'
import { makeOptimizer } from './optimizers.js'
import { differentiations, keyFor, makeGames, makeObjective, type Parts } from './parts.js'

/** What every distillation of a run begins with. */
export const specOf = async (parts: Parts) => ({
  engine: parts.engine,
  key: keyFor(parts.key, 'distill'),
  real: parts.data.train,
  objective: await makeObjective(parts),
  differentiation: differentiations[parts.read.config.differentiation],
})

/** The distillation that a configuration describes. */
export async function wholeSpecOf(parts: Parts, parameterization: AnyParameterization): Promise<DistillSpec> {
  const { optimizer, objectiveOptimizer, clipNorm, steps } = parts.read.config
  return {
    ...(await specOf(parts)),
    parameterization,
    games: await makeGames(parts),
    optimizer: makeOptimizer(parts, optimizer, 'optimizer', clipNorm),
    ...(objectiveOptimizer && {
      objectiveOptimizer: makeOptimizer(parts, objectiveOptimizer, 'objectiveOptimizer'),
    }),
    steps,
  }
}
