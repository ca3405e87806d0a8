import {
  bytesOf,
  disposeTree,
  foldIn,
  HabaError,
  hostTensor,
  peakBytes,
  tensorLeaves,
  trace,
  traceLinear,
  valueAndGrad,
  vjp,
  type Args,
  type Drawn,
  type Parameterization,
  type Program,
  type RecurrenceObjective,
  type SumObjective,
  type Tree,
} from '@haba/core'
import { checkSpec, type DistillSpec, type DistillState } from './spec.js'
import { initialSet, startDistilling } from './start.js'
import { bind } from './gradient.js'
import { recompute, store, type Differentiation } from './stepper.js'

/** Bytes of the arrays of one distillation step for each differentiation of a recurrence; equal for a sum. */
export interface MemoryEstimate {
  /** `recompute`: the weights before every student step, and one step's intermediates. */
  readonly least: number
  /** `store`: every step's intermediates. */
  readonly fastest: number
}

/** The least memory, the least time, or the least time within a number of bytes. */
export type Memory = 'least' | 'fastest' | number

/**
 * Estimates the memory of a run before its first step, from the shapes of its programs. It computes only the first draw.
 * Not counted: the process itself, the real data, and memory that an allocator keeps.
 *
 * @param state a state that the run resumes from @default a fresh start
 */
export async function estimateMemory(spec: DistillSpec, state?: DistillState): Promise<MemoryEstimate> {
  checkSpec('estimateMemory', spec)
  const { objective, parameterization, key, real } = spec
  const now = state ?? (await startDistilling(spec, await initialSet(spec)))
  const drawn = await objective.draw(foldIn(foldIn(foldIn(key, 'step'), now.step), 'draw'), {
    real,
    layout: parameterization.layout,
    state: now.objective.state,
  })
  const carried = bytesIn(now)
  const games = Math.max(0, ...peaksOfGames(spec, now))
  const { least, fastest } =
    objective.kind === 'sum'
      ? sumMemory(parameterization, objective, now, drawn)
      : recurrenceMemory(parameterization, objective, now, drawn)
  disposeTree(drawn.common, ...drawn.items, ...(state ? [] : [now]))
  return { least: carried + Math.max(least, games), fastest: carried + Math.max(fastest, games) }
}

/**
 * Chooses the differentiation of a recurrence within a limit of memory.
 *
 * @throws HabaError if even `recompute` needs more than `available` or `memory`
 */
export function differentiationWithin(
  { least, fastest }: MemoryEstimate,
  memory: Memory,
  available = Infinity,
): Differentiation {
  if (typeof memory === 'number' && !(memory > 0))
    throw new HabaError('memory', '"least", "fastest" or a number of bytes above 0', `${memory}`, '')
  const limit = typeof memory === 'number' ? Math.min(memory, available) : available
  const needed = memory === 'least' || (typeof memory === 'number' && fastest > limit) ? least : fastest
  if (needed > limit)
    throw new HabaError(
      'memory',
      `a step within ${inMegabytes(limit)}`,
      `about ${inMegabytes(needed)} (least ${inMegabytes(least)}, fastest ${inMegabytes(fastest)})`,
      memory === 'fastest' && least <= limit
        ? 'Use memory "least".'
        : 'Use fewer images per step, a narrower network, or a machine with more memory.',
    )
  return needed === least && memory !== 'fastest' ? recompute : store
}

const inMegabytes = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MB`

const bytesIn = (tree: Args): number => tensorLeaves(tree).reduce((total, { shape }) => total + bytesOf(shape), 0)

/** The result of a program, as tensors whose values are never read. */
const shapesOf = <R>({ graph, result }: Program<R>): R =>
  result(graph.outputs.map(({ shape, dtype }) => hostTensor({ values: new Float32Array(0) }, shape, dtype)))

/** The memory of the largest term, because terms run one by one. Classes differ in their numbers of images. */
function sumMemory(
  parameterization: Parameterization<Tree>,
  objective: SumObjective,
  { set, objective: { params } }: DistillState,
  { common, items }: Drawn<Args, Args>,
): MemoryEstimate {
  const drawn = bytesIn(common) + items.reduce((total: number, item) => total + bytesIn(item), 0)
  const largest = items.reduce((a, b) => (bytesIn(b) > bytesIn(a) ? b : a))
  const term = trace(
    (set: Tree, params: Tree, common: Args, item: Args) =>
      valueAndGrad((x) => objective.term(bind(parameterization, x.set), x.params, common, item), { set, params }).grad,
    [set, params, common, largest],
  )
  const peak = drawn + peakBytes(term.graph)
  return { least: peak, fastest: peak }
}

function recurrenceMemory(
  parameterization: Parameterization<Tree>,
  objective: RecurrenceObjective,
  { set, objective: { params } }: DistillState,
  { common, items }: Drawn<Args, Args>,
): MemoryEstimate {
  const start = trace((common: Args) => objective.start(common), [common])
  const input = trace(
    (set: Tree, common: Args, item: Args) => objective.input(bind(parameterization, set), common, item),
    [set, common, items[0]!],
  )
  const [carry, x] = [shapesOf(start), shapesOf(input)]
  type Taken = { readonly params: Tree; readonly carry: Tree; readonly input: Tree }
  const step = (taken: Taken, common: Args) => objective.step(taken.params, common, taken.carry, taken.input)
  const taken: Taken = { params, carry, input: x }
  const { forward, backward } = traceLinear(step, [taken, common])
  const adjoint = trace(
    (taken: Taken, common: Args, cotangent: Tree) => vjp((x: Taken) => step(x, common), taken).pull(cotangent),
    [taken, common, carry],
  )
  const taking = shapesOf(forward)
  const everyStep = bytesIn(common) + items.length * (bytesIn(carry) + bytesIn(x))
  const estimate = {
    least: everyStep + peakBytes(adjoint.graph),
    fastest: everyStep + items.length * bytesIn(taking.kept) + peakBytes(backward.graph),
  }
  disposeTree(carry, x, taking.value, taking.kept)
  return estimate
}

function peaksOfGames({ games = [], parameterization }: DistillSpec, { set, games: players }: DistillState): number[] {
  return games.map((game, i) => {
    const move = game.draw({ hi: 0, lo: 0 }, parameterization.layout)
    const { critic } = players[i]!
    const penalty = trace(
      (set: Tree, critic: Tree, move: Args) =>
        valueAndGrad((x) => game.penalty(move, bind(parameterization, x), critic), set).grad,
      [set, critic, move],
    )
    const critique = trace(
      (set: Tree, critic: Tree, move: Args) =>
        valueAndGrad((x) => game.critique(move, bind(parameterization, set), x), critic).grad,
      [set, critic, move],
    )
    disposeTree(move)
    return Math.max(peakBytes(penalty.graph), peakBytes(critique.graph))
  })
}
