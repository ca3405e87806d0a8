import { clampBelow, partition, keyFrom, mapTree, rowsOf, sgd, type Args, type Tree } from '@haba/core'
import { bind, distill, startDistilling, type DistillReport, type DistillSpec, type DistillState } from '@haba/distill'
import { adversarialContrast } from '@haba/hallucinator'
import { trajectoryMatching as objectiveOf } from '@haba/matching'
import { fromPyTorch, toPyTorch, type NamedNetwork } from '@haba/networks'
import type { Scalar, Tensor } from '@tensorflow/tfjs-core'
import { stated, type Comparison, type GoldenCase } from '../golden-case.js'
import { imageShapeOf, listed, reshaped, scalarOf } from '../layouts.js'
import { convNetOf, storedConvNet } from '../networks.js'
import { factorizedSet, HALLUCINATOR_PARTS } from '../sets.js'
import { expertOf } from './trajectory-matching.js'

interface Iteration {
  readonly inner_hallucinators: readonly number[]
  readonly batches: readonly (readonly number[])[]
  readonly min_pair: readonly [number, number]
  readonly min_batch: readonly number[]
  readonly max_pair: readonly [number, number]
  readonly max_batch: readonly number[]
}

interface Meta {
  readonly plan: readonly Iteration[]
  readonly extractor_parameter_order: readonly (readonly [string, readonly number[]])[]
}

/** Whole iterations of HaBa by the real loop; only what is drawn comes from the file's plan. */
export const habaIterations: GoldenCase = async (given) => {
  const { engine, what, meta, tensor, group } = given
  const { plan, extractor_parameter_order: extractorOrder } = meta as Meta
  const bases = tensor('bases.initial')
  const image = imageShapeOf(bases)
  const student = storedConvNet(group('start.'), image)
  const target = storedConvNet(group('target.'), image).weights
  const count = Object.keys(group('hallucinator.')).filter((name) =>
    name.endsWith(`.${HALLUCINATOR_PARTS[0]}.initial`),
  ).length
  const set = await factorizedSet(bases, count, (j, name) => tensor(`hallucinator.${j}.${name}.initial`))
  const extractor = convNetOf(
    extractorOrder.map(([, shape]) => shape),
    image,
  )
  const filled = given.wave(
    extractorOrder.map(([name]) => name),
    extractorOrder.map(([, shape]) => shape),
  )
  const critic = fromPyTorch(extractor, filled).weights

  const weights = {
    cosine: stated(what, 'Weights: adversarial', 0.1),
    task: stated(what, 'classification', 1),
    likelihood: stated(what, 'likelihood', 0.1),
    contrastive: stated(what.slice(what.indexOf('Weights:')), 'contrastive', 0.1),
  }
  const criticOptimizer = statedSgd(what, 'extractor', 0.001, 0.9)
  const moves = plan.flatMap(({ min_pair, min_batch, max_pair, max_batch }) => [
    moveOf(set.slots(min_batch), min_pair),
    moveOf(set.slots(max_batch), max_pair),
  ])
  const objective = objectiveOf({
    network: student.network,
    experts: expertOf(student.weights, target),
    steps: plan[0]!.batches.length,
    expertEpochs: 1,
    maxStartEpoch: 1,
  })
  let iteration = 0
  const planned = {
    ...objective,
    init: () => ({ params: { rate: scalarOf(tensor('learning_rate.initial')) }, state: {} }),
    draw: () => {
      const { batches, inner_hallucinators: views } = plan[iteration++]!
      const items = batches.map((batch, i) => ({ rows: rowsOf(set.slots(batch), views[i]!), augment: {} }))
      return Promise.resolve({ common: copied({ start: student.weights, target }), items })
    },
  }
  let turn = 0
  const game = adversarialContrast({ network: extractor, weights, optimizer: criticOptimizer })
  const plannedGame = { ...game, init: () => copied(critic), draw: () => moves[turn++]!() }
  const rates = {
    bases: statedSgd(what, 'bases', 1, 0.95),
    hallucinators: statedSgd(what, 'hallucinators', 0.1, 0.95),
  }
  const spec: DistillSpec = {
    engine,
    key: keyFrom(0),
    real: {
      image,
      classes: student.classes,
      labels: Int32Array.of(),
      images: () => Promise.reject(new Error('nothing real is drawn')),
    },
    parameterization: { ...set.parameterization, init: () => Promise.resolve(copied(set.params)) },
    objective: planned,
    optimizer: partition(rates),
    objectiveOptimizer: clampBelow(stated(what, 'clipped at', 0.001), statedSgd(what, 'step size', 1e-4, 0.9)),
    games: [plannedGame],
    steps: plan.length,
  }

  // Each part of the critique by a game in which only that part weighs, on the set and critic of that moment.
  const parts = (['task', 'likelihood', 'contrastive'] as const).map((part) =>
    adversarialContrast({
      network: extractor,
      weights: { cosine: 0, task: 0, likelihood: 0, contrastive: 0, [part]: weights[part] },
    }),
  )
  const critique = engine.compile('critique parts', (params: Tree, at: Tree, move: Args) =>
    parts.map((part) => part.critique(move as never, bind(set.parameterization, params), at) as Scalar),
  )
  const losses: number[] = []
  let before: Tree = critic
  let first: DistillState | undefined
  let last: DistillReport | undefined
  const start = await startDistilling(spec)
  for await (const report of distill(spec, start)) {
    const seen = await critique(report.state.set, before, moves[2 * report.step - 1]!())
    losses.push(report.loss, report.penalties[0]!, ...seen.map((part) => part.dataSync()[0]!))
    before = copied(report.state.games[0]!.critic)
    first ??= copied(report.state)
    last = report
  }
  const { state } = last!

  // After one step from rest, what moved is the rate times the gradient; the optimizer's velocity is the gradient itself.
  const velocity = (part: keyof typeof rates) =>
    ((first!.setOptimizer as never)[part] as { readonly velocity: Tree }).velocity
  const gradient = set.named({ bases: velocity('bases'), hallucinators: velocity('hallucinators') })
  const learned = (first!.objective.optimizer as { readonly velocity: { readonly rate: Tensor } }).velocity.rate
  const final = set.named(state.set)
  return {
    losses: { expected: tensor('losses'), got: reshaped(listed(...losses), tensor('losses').shape), order: 1 },
    'grad.learning_rate': { expected: tensor('grad.learning_rate'), got: learned, order: 2 },
    'learning_rate.final': {
      expected: tensor('learning_rate.final'),
      got: (state.objective.params as { readonly rate: Tensor }).rate,
      order: 1,
    },
    ...compared(gradient, (name) => tensor(`grad.${name}`), 'grad.', 2),
    ...compared(final, (name) => tensor(`${name}.final`), 'final ', 1),
    ...extractorComparisons(extractor, state.games[0]!.critic, extractorOrder, group('extractor.')),
  }
}

/** The case's definition where its words say nothing: `WHO lr RATE momentum MOMENTUM`. */
const statedSgd = (what: string, who: string, rate: number, momentum: number) =>
  sgd({
    learningRate: stated(what, `${who} lr`, rate),
    momentum: stated(what, `${who} lr [^ ]+ momentum`, momentum),
  })

const copied = <T extends Args>(tree: T): T => mapTree((x) => reshaped(x, x.shape), tree)

const moveOf =
  (slots: Int32Array, [a, b]: readonly [number, number]) =>
  () => ({ first: rowsOf(slots, a), second: rowsOf(slots, b), state: {}, augment: {} })

const compared = (
  got: Readonly<Record<string, Tensor>>,
  expected: (name: string) => Tensor,
  prefix: string,
  order: Comparison['order'],
): Record<string, Comparison> =>
  Object.fromEntries(
    Object.entries(got).map(([name, value]) => [`${prefix}${name}`, { expected: expected(name), got: value, order }]),
  )

/** Of larger tensors the file keeps the first values only (`final_head`). */
function extractorComparisons(
  network: NamedNetwork,
  weights: Tree,
  order: Meta['extractor_parameter_order'],
  stored: Readonly<Record<string, Tensor>>,
): Record<string, Comparison> {
  const named = toPyTorch(network, { weights, state: {} })
  return Object.fromEntries(
    order.map(([name], k) => {
      const whole = named[network.parameters[k]!.pytorch]!
      const head = stored[`${name}.final_head`]
      const expected = head ?? stored[`${name}.final`]!
      const got = head ? headOf(whole, head.size) : whole
      return [`extractor ${name}`, { expected, got, order: 1 as const }]
    }),
  )
}

const headOf = (whole: Tensor, count: number): Tensor => listed(...whole.dataSync().slice(0, count))
