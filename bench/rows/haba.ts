import { clampBelow, partition, disposeTree, foldIn, sgd, type Augmentation } from '@haba/core'
import {
  bind,
  differentiate,
  differentiationWithin,
  distill,
  estimateMemory,
  recompute,
  startDistilling,
  type DistillSpec,
} from '@haba/distill'
import { onnxEngine } from '@haba/engine-onnx'
import { adversarialContrast, factorized, type FactorizedParams } from '@haba/hallucinator'
import { trajectoryMatching } from '@haba/matching'
import type { ConvNetWeights } from '@haba/networks'
import { availableBytes } from '../machine.js'
import type { Check } from '../statistics.js'
import { inTurn } from './in-turn.js'
import {
  classes,
  expertsOf,
  factorizedNumbers,
  image,
  key,
  network,
  norm,
  numberOf,
  realImages,
  share,
  shared,
  startWeights,
  walked,
  type MakeRow,
} from './problem.js'

/** Whole iterations of HaBa on trajectories, with the released run script's weights, rates and momenta. */
export const habaRow: MakeRow = async ({ batch, steps }, { engine, folder }) => {
  const start = startWeights()
  const target = walked(start)
  const parameterization = factorized({ image, classes, basesPerClass: batch / classes, hallucinators: 5 })
  const objectiveOf = (count: number, rate: number, augmentation?: Augmentation) =>
    trajectoryMatching({
      network,
      experts: expertsOf(start, target),
      steps: count,
      expertEpochs: 1,
      maxStartEpoch: 1,
      learningRate: rate,
      ...(augmentation && { augmentation }),
    })
  const gameOf = (augmentation?: Augmentation) =>
    adversarialContrast({ network, ...(augmentation && { augmentation }) })

  const augmentation = inTurn() as unknown as Augmentation
  const part = sgd({ learningRate: 100, momentum: 0.95 })
  const undecided = {
    engine,
    key,
    real: realImages(batch / classes),
    parameterization,
    objective: objectiveOf(steps, batch === 10 ? 0.01 : 0.001, augmentation),
    optimizer: partition({ bases: part, hallucinators: part }),
    objectiveOptimizer: clampBelow(0.001, sgd({ learningRate: batch === 10 ? 1e-7 : 1e-5, momentum: 0.9 })),
    games: [gameOf(augmentation)],
    steps: Number.MAX_SAFE_INTEGER,
  } as unknown as DistillSpec
  // The fastest that leaves the other half of the memory to PyTorch's graph.
  const differentiation = differentiationWithin(await estimateMemory(undecided), availableBytes() / 2)
  const spec = { ...undecided, differentiation }
  const first = await startDistilling(spec)
  const set = first.set as FactorizedParams
  const critic = first.games[0]!.critic as ConvNetWeights
  const numbers = [
    ...shared('start', start),
    ...shared('target', target),
    ...shared('critic', critic),
    ...factorizedNumbers('bases', set),
  ] as const

  /** Without augmentation, whose draws the two sides do not share: three student steps, and both halves of the game. */
  async function check(): Promise<Check> {
    const other = onnxEngine()
    // At this rate the gradient with respect to the step size is not a sum that nearly cancels.
    const matching = objectiveOf(3, 0.1)
    const objective = matching
    const game = gameOf()
    const { layout } = parameterization
    const drawn = await matching.draw(key, { real: spec.real, layout, state: {} })
    const move = game.draw(foldIn(key, 'move'), layout)
    await share(folder, [
      ...numbers,
      ...drawn.items.map(({ rows }, i) => [`view.${i}`, rows.views] as const),
      ['first', move.first.views],
      ['second', move.second.views],
    ])
    const matched = await differentiate(
      other,
      spec.parameterization,
      objective,
      recompute,
    )(set, matching.init(key).params, drawn)
    const played = await other.compile('game', (s: FactorizedParams, c: ConvNetWeights, m: typeof move) => ({
      penalty: game.penalty(m, bind(parameterization, s), c),
      critique: game.critique(m, bind(parameterization, s), c),
    }))(set, critic, move)
    await other.close()
    return {
      'loss of matching': matched.loss,
      'loss of penalty': numberOf(played.penalty),
      'loss of critique': numberOf(played.critique),
      'gradient of the set': norm(matched.set),
      'gradient of step size': numberOf(matched.params),
    }
  }

  const run = distill(spec, first)
  return {
    differentiation: differentiation.name,
    check,
    async round() {
      const { value } = await run.next()
      // The run has a copy of what it began with.
      disposeTree(first)
      return value!.loss
    },
  }
}
