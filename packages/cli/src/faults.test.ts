import {
  isNotFinite,
  keyFrom,
  mapTree,
  namedLeaves,
  pixels,
  sgd,
  tensor,
  tensorLeaves,
  withTensors,
  type AnyObjective,
  type AnyParameterization,
  type Args,
  type Engine,
  type Network,
  type RealSource,
  type Tree,
} from '@haba/core'
import { distill, tesla, type DistillSpec, type DistillState } from '@haba/distill'
import { adversarialContrast, factorized } from '@haba/hallucinator'
import {
  cafe,
  contrastiveSignals,
  distributionMatching,
  gradientMatching,
  idcMatching,
  trajectoryMatching,
} from '@haba/matching'
import { type Experts } from '@haba/matching/experts'
import { labelDistillation, ridge, unrolledTraining } from '@haba/meta'
import { labeled, uniformLabels } from '@haba/sets'
import { referenceEngine, tinyNetwork, toyData } from '@haba/testing'
import { describe, expect, it } from 'vitest'

const clean = toyData()
const { image, classes } = clean
const network = tinyNetwork() as Network
const haba = factorized({ image, classes, basesPerClass: 1, hallucinators: 2 }) as AnyParameterization
const soft = labeled({ of: pixels({ image, classes, perClass: 1 }), start: uniformLabels }) as AnyParameterization

/** Faults are armed after the first step, so that the second one is hit. */
const armed = { now: false }

const spoiledTensor = <T extends Tree>(tree: T, path: string): T => {
  const leaves = [...namedLeaves(tree)]
  const hit = leaves.findIndex(([name, { dtype }]) => name.startsWith(path) && dtype === 'float32')
  if (hit < 0) return tree
  return withTensors(
    tree,
    leaves.map(([, t], i) => {
      if (i !== hit) return t
      const values = Float32Array.from(t.dataSync())
      values[values.length - 1] = NaN
      return tensor(values, t.shape)
    }),
  )
}

interface Fault {
  /** The end of a program's name. */
  readonly program: string
  /** The start of the path of what is spoiled in its result. */
  readonly path: string
}

/** The sum that goes with parameters is spoiled with them, as it would be had the program computed them. */
function faulty(fault: Fault | undefined): Engine {
  const engine = referenceEngine()
  if (!fault) return engine
  return {
    name: engine.name,
    stats: engine.stats,
    linearize: (name, fn) => engine.linearize(name, fn),
    compile: (name, fn) => {
      const run = engine.compile(name, fn)
      return async (...args) => {
        const result = await run(...args)
        if (!armed.now || !name.endsWith(fault.program)) return result
        const spoiled = spoiledTensor(result, fault.path)
        return spoiledTensor(spoiled, 'sum')
      }
    },
  }
}

const faultyData: RealSource = {
  ...clean,
  images: async (indices) => {
    const images = await clean.images(indices)
    return armed.now ? spoiledTensor(images, '') : images
  },
}
const experts: Experts = {
  count: 1,
  epochs: 1,
  read: async (_, epoch) =>
    mapTree(
      (w) =>
        tensor(
          (w.dataSync() as Float32Array).map((v) => v + 0.05 * epoch),
          w.shape,
        ),
      network.init(keyFrom(1)).weights,
    ),
}
const faultyExperts: Experts = {
  ...experts,
  read: async (expert, epoch) => {
    const weights = await experts.read(expert, epoch)
    return armed.now && epoch === 1 ? spoiledTensor(weights, '') : weights
  },
}
const mtt = (from: Experts) =>
  trajectoryMatching({ network, experts: from, steps: 2, expertEpochs: 1, maxStartEpoch: 1, learningRate: 0.1 })

interface Case {
  readonly name: string
  readonly objective: AnyObjective
  readonly set?: AnyParameterization
  readonly options?: Partial<DistillSpec>
  /** Whether it carries a network that it trains. */
  readonly trains?: boolean
  /** What it learns. */
  readonly learns?: string
}
const loops = { outer: 3, inner: 1 }
const cases: readonly Case[] = [
  { name: 'DM', objective: distributionMatching({ network, realPerClass: 4 }) as AnyObjective },
  { name: 'DC', objective: gradientMatching({ network, realPerClass: 4, loops }) as AnyObjective, trains: true },
  {
    name: 'DCC',
    objective: contrastiveSignals({ network, realPerClass: 4, loops }) as AnyObjective,
    trains: true,
  },
  { name: 'CAFE', objective: cafe({ network, realPerClass: 4, layerWeights: undefined }) as AnyObjective },
  {
    name: 'IDC',
    objective: idcMatching({ network, realPerClass: 4, networkImages: 8 }) as AnyObjective,
    trains: true,
  },
  { name: 'MTT', objective: mtt(experts) as AnyObjective, learns: 'rate' },
  { name: 'TESLA', objective: mtt(experts) as AnyObjective, options: { differentiation: tesla }, learns: 'rate' },
  {
    name: 'DD',
    objective: unrolledTraining({ network, steps: 2, epochs: 1, realBatch: 8, learningRate: 0.1 }) as AnyObjective,
    learns: 'rates',
  },
  {
    name: 'LD',
    objective: labelDistillation({ network, by: ridge(), batch: 2, realBatch: 8 }) as AnyObjective,
    set: soft,
  },
]

const loss: Readonly<Record<AnyObjective['kind'], Fault>> = {
  sum: { program: '/term', path: 'loss' },
  recurrence: { program: '/finish', path: 'value' },
}
const gradient: Readonly<Record<AnyObjective['kind'], Fault>> = {
  sum: { program: '/term', path: 'set' },
  recurrence: { program: '/input adjoint', path: '' },
}

const faults = cases.flatMap((one) => {
  const { kind } = one.objective
  const at = (where: string, fault: Fault, text: string) => [one.name, where, one, { fault }, text] as const
  return [
    at('the loss', loss[kind], 'loss'),
    at('a gradient', gradient[kind], 'gradient.set'),
    at('a parameter', { program: 'set/update', path: 'params' }, 'set.'),
    at('the optimizer', { program: 'set/update', path: 'state' }, 'optimizer of the set.'),
    ...(one.set ? [] : [at('a critic', { program: '/critique', path: 'critic' }, 'critic of ')]),
    ...(one.set ? [] : [at('the loss of a critic', { program: '/critique', path: 'value' }, 'critic loss of ')]),
    ...(one.set ? [] : [at('a penalty', { program: '/penalty', path: 'value' }, 'set loss of ')]),
    ...(one.learns
      ? [at('what it learns', { program: 'objective/update', path: 'params' }, `objective.${one.learns}`)]
      : []),
    ...(one.trains
      ? [at('a network that it trains', { program: 'tiny/step', path: 'next.weights' }, 'state of the objective.')]
      : []),
    // Trajectories read experts in place of real images.
    one.learns === 'rate'
      ? ([
          one.name,
          'an expert',
          one,
          { objective: mtt(faultyExperts) as AnyObjective },
          'drawn.common.target',
        ] as const)
      : ([one.name, 'the real data', one, { real: faultyData }, 'drawn.'] as const),
  ]
})

const numbers = (tree: Args) => tensorLeaves(tree).map((t) => [...t.dataSync()])

interface Injected extends Partial<DistillSpec> {
  readonly fault?: Fault
}

function specOf({ objective, set = haba, options = {} }: Case, { fault, ...injected }: Injected): DistillSpec {
  return {
    engine: faulty(fault),
    key: keyFrom(5),
    real: clean,
    parameterization: set,
    objective,
    optimizer: sgd({ learningRate: 0.01, momentum: 0.5 }),
    objectiveOptimizer: sgd({ learningRate: 1e-4, momentum: 0.5 }),
    games: set === haba ? [adversarialContrast({ network })] : [],
    steps: 2,
    ...options,
    ...injected,
  }
}

/** What each step of an undisturbed run leaves. */
const whole = new Map<string, Promise<readonly number[][][]>>()
function wholeRun(one: Case): Promise<readonly number[][][]> {
  const run = async () => {
    const states: number[][][] = []
    for await (const { state } of distill(specOf(one, {}))) states.push(numbers(state))
    return states
  }
  if (!whole.has(one.name)) whole.set(one.name, run())
  return whole.get(one.name)!
}

describe('a fault in the second step', () => {
  it.each(faults)('%s: in %s', async (_name, _where, one, injected: Injected, text) => {
    armed.now = false
    const states = await wholeRun(one)
    let last: DistillState | undefined
    let error: unknown
    try {
      for await (const { state } of distill(specOf(one, injected))) {
        last = state
        armed.now = true
      }
    } catch (caught) {
      error = caught
    }
    armed.now = false
    expect(String(error)).toContain(`distill: expected finite numbers, got NaN in ${text}`)
    expect(String(error)).toContain(' at step 2. The step was not taken.')
    expect(isNotFinite(error)).toBe(true)
    expect(numbers(last!)).toEqual(states[0])
    const { value } = await distill(specOf(one, {}), last).next()
    expect(numbers((value as { state: DistillState }).state)).toEqual(states[1])
  })
})
