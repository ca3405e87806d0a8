import {
  checkArguments,
  adam,
  add,
  applyUpdates,
  disposeTree,
  drawSome,
  foldIn,
  HabaError,
  integers,
  mapTree,
  mean,
  mul,
  namedLeaves,
  rowsOf,
  scalar,
  square,
  stopGradient,
  sub,
  tensor,
  valueAndGrad,
  withTensors,
  type Engine,
  type Key,
  type Network,
  type Parameterization,
  type Rows,
  type Tree,
} from '@haba/core'
import type { Scalar, Tensor } from '@tensorflow/tfjs-core'
import type { Quantized, Transformed } from './codec.js'
import { nearestLevel, straightThrough } from './rounded.js'

/** Options of `refine`. */
export interface RefineOptions<P extends Tree> {
  readonly engine: Engine
  readonly key: Key
  /** The network whose features are compared, with fresh random weights at each step. */
  readonly network: Network
  readonly parameterization: Parameterization<P>
  /** The set before rounding. */
  readonly params: P
  /** Its levels from `quantizeTensors`; levels of coefficients cannot be refined. */
  readonly quantized: ReadonlyMap<string, Quantized | Transformed>
  /** At least 1. */
  readonly steps: number
  /** Learning rate of Adam, in levels per step; it falls linearly to 0. @default 0.01 */
  readonly learningRate?: number
  /** Slots rendered per step, under one view. @default 64 */
  readonly batch?: number
  /** Called after each step. @param error mean squared difference of features */
  readonly onStep?: (step: number, error: number) => void
}

/** Refined levels and their effect. */
export interface Refined {
  /** The best levels found, or the initial ones, with unchanged scales. */
  readonly quantized: ReadonlyMap<string, Quantized>
  /** Mean squared difference of features of held-out networks: for the initial levels, and for the best ones. */
  readonly before: number
  readonly after: number
}

/** Random networks for comparing levels. */
const CHECKS = 8
/** Number of comparisons. */
const STOPS = 8

/** Tensors by path: continuous positions between levels, or scales. */
type ByPath = Readonly<Record<string, Tensor>>
type Scaling = { readonly step: ByPath; readonly low: ByPath; readonly top: Readonly<Record<string, number>> }

/** `mean (f(images of params) − f(images of decoded))²` over rows and features. */
export function featureError<P extends Tree>(
  { network, parameterization }: Pick<RefineOptions<P>, 'network' | 'parameterization'>,
  params: P,
  decoded: P,
  rows: Rows,
  { weights, state }: { readonly weights: Tree; readonly state: Tree },
): Scalar {
  const features = (set: P) =>
    network.apply(weights, parameterization.render(set, rows).images, { kind: 'train', state }).features
  return mean(square(sub(stopGradient(features(params)), features(decoded))))
}

/** The set decoded from rounded positions, with straight-through gradients. */
export function decodedSet<P extends Tree>(params: P, positions: ByPath, { step, low, top }: Scaling): P {
  const leaves = [...namedLeaves(params)].map(([path, t]) => {
    const position = positions[path]
    if (!position) return t
    return add(mul(straightThrough(position, nearestLevel(position, top[path]!)), step[path]!), low[path]!)
  })
  return withTensors(params, leaves)
}

/**
 * Moves levels so that the features of the rounded set approach those of the set. Adam minimizes the mean squared difference of
 * features of random networks over the positions that are rounded, with the stored scales and offsets. (PTQ-DC refines before
 * it groups patches; here groups are fixed first, so that the stored set itself is refined.)
 *
 * @throws HabaError for fewer than 1 step, and for coefficients
 */
export async function refine<P extends Tree>(options: RefineOptions<P>): Promise<Refined> {
  checkArguments('refine', options, {
    engine: 'engine',
    key: 'key',
    network: 'network',
    parameterization: 'parameterization',
    quantized: 'object',
    steps: 'number',
  })
  const { engine, key, network, params, steps, learningRate = 0.01, onStep } = options
  if (!Number.isInteger(steps) || steps < 1)
    throw new HabaError('refine', 'at least 1 step', `${steps}`, 'Change the option.')
  const quantized: ReadonlyMap<string, Quantized> = new Map(
    [...options.quantized].map(([path, one]) => {
      if ('scales' in one) return [path, one] as const
      throw new HabaError('refine', 'levels of values', `coefficients of ${path}`, 'Round while distilling instead.')
    }),
  )
  if (quantized.size === 0) return { quantized, before: 0, after: 0 }
  const { scaling, positions: start } = startOf(params, quantized)
  const optimizer = adam({ learningRate })
  const error = (positions: ByPath, own: Scaling, of: P, rows: Rows, drawn: Drawn) =>
    featureError(options, of, decodedSet(of, positions, own), rows, drawn)
  const move = engine.compile(
    'codec/refine',
    (positions: ByPath, moments: Tree, left: Scalar, own: Scaling, of: P, rows: Rows, drawn: Drawn) => {
      const { value, grad } = valueAndGrad((p: ByPath) => error(p, own, of, rows, drawn), positions)
      const { updates, state } = optimizer.update(grad, moments as ReturnType<typeof optimizer.init>, positions)
      const slower = mapTree((update) => mul(update, left), updates)
      return { value, positions: applyUpdates(positions, slower), moments: state }
    },
  )
  const init = engine.compile('codec/refine/start', (positions: ByPath) => optimizer.init(positions))
  const look = engine.compile('codec/refine/look', error)
  const draw = (own: Key): readonly [Rows, Drawn] => [drawRows(options, own), network.init(foldIn(own, 'network'))]
  const check = async (positions: ByPath) => {
    let sum = 0
    for (let i = 0; i < CHECKS; i++) {
      const [rows, drawn] = draw(foldIn(foldIn(key, 'check'), i))
      const value = await look(positions, scaling, params, rows, drawn)
      sum += (await value.data())[0]!
      disposeTree(value, rows, drawn.weights, drawn.state)
    }
    return sum / CHECKS
  }
  const before = await check(start)
  let [positions, moments]: readonly [ByPath, Tree] = [start, await init(start)]
  let best = { quantized, after: before }
  const stops = new Set(Array.from({ length: STOPS }, (_, i) => Math.ceil(((i + 1) * steps) / STOPS)))
  for (let step = 1; step <= steps; step++) {
    const [rows, drawn] = draw(foldIn(key, step))
    const left = scalar(1 - (step - 1) / steps)
    const moved = await move(positions, moments, left, scaling, params, rows, drawn)
    if (onStep) onStep(step, (await moved.value.data())[0]!)
    disposeTree(moved.value, left, moments, positions, rows, drawn.weights, drawn.state)
    positions = moved.positions
    moments = moved.moments
    if (!stops.has(step)) continue
    const after = await check(positions)
    if (after < best.after) best = { quantized: leveled(positions, quantized), after }
  }
  disposeTree(positions, moments, scaling.step, scaling.low)
  return { ...best, before }
}

/** The levels nearest to positions. */
const leveled = (positions: ByPath, quantized: ReadonlyMap<string, Quantized>): ReadonlyMap<string, Quantized> =>
  new Map(
    [...quantized].map(([path, { scales }]) => {
      const top = 2 ** scales.bits - 1
      const nearest = (value: number) => Math.min(top, Math.max(0, Math.floor(value + 0.5)))
      return [path, { scales, levels: Uint8Array.from(positions[path]!.dataSync(), nearest) }] as const
    }),
  )

type Drawn = ReturnType<Network['init']>

function startOf(params: Tree, quantized: ReadonlyMap<string, Quantized>) {
  const positions: Record<string, Tensor> = {}
  const step: Record<string, Tensor> = {}
  const low: Record<string, Tensor> = {}
  const top: Record<string, number> = {}
  for (const [path, t] of namedLeaves(params)) {
    const one = quantized.get(path)
    if (!one) continue
    const { patches, pairOf, bits } = one.scales
    const values = t.dataSync()
    const each = (of: Float32Array) => Float32Array.from(patches.of, (patch) => of[pairOf[patch]!]!)
    const [steps, lows] = [each(one.scales.step), each(one.scales.low)]
    step[path] = tensor(steps, t.shape)
    low[path] = tensor(lows, t.shape)
    top[path] = 2 ** bits - 1
    // Clamped values start within half a step of their level.
    positions[path] = tensor(
      Float32Array.from(values, (value, i) => {
        const level = one.levels[i]!
        const exact = steps[i] === 0 ? level : (value - lows[i]!) / steps[i]!
        return Math.min(level + 0.49, Math.max(level - 0.49, exact))
      }),
      t.shape,
    )
  }
  return { positions, scaling: { step, low, top } }
}

function drawRows<P extends Tree>(
  { parameterization: { layout }, batch = 64 }: Pick<RefineOptions<P>, 'parameterization' | 'batch'>,
  key: Key,
): Rows {
  const all = Int32Array.from({ length: layout.slots }, (_, slot) => slot)
  return rowsOf(drawSome(key, all, batch), integers(foldIn(key, 'view'), 1, layout.views)[0]!)
}
