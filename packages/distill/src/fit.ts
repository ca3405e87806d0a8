import type { Tensor4D } from '@tensorflow/tfjs-core'
import {
  checkArguments,
  adam,
  applyUpdates,
  disposeTree,
  drawSome,
  foldIn,
  firstNotFinite,
  HabaError,
  indicesByClass,
  mean,
  notFiniteError,
  rowsOf,
  slotsOfClass,
  square,
  sub,
  sumOfAll,
  valueAndGrad,
  type AdamState,
  type Engine,
  type Key,
  type Parameterization,
  type RealSource,
  type Rows,
  type Tree,
} from '@haba/core'

/** What is fitted, to what, and where it runs; a `DistillSpec` is one. */
export interface FitSpec<P extends Tree = Tree> {
  readonly engine: Engine
  readonly key: Key
  readonly real: RealSource
  readonly parameterization: Parameterization<P>
}

/** What fitting carries from step to step: saved and loaded, it continues bit for bit as if never stopped. */
export type FitState<P extends Tree = Tree> = {
  /** Steps taken. */
  readonly step: number
  readonly set: P
  readonly optimizer: AdamState
}

/** What one step of fitting tells. */
export interface FitReport<P extends Tree = Tree> {
  /** Mean squared error of the step's images, before the update, in the preprocessed space. */
  readonly loss: number
  /** Belongs to the fit until the next report is asked for; the last one belongs to the caller. */
  readonly state: FitState<P>
}

/** Images a step: enough for a steady gradient, few enough for large sets. */
const BATCH = 256

/** Fitting before its first step. @param set as its parameterization starts it; it belongs to the fit from here on */
export async function startFitting<P extends Tree>(
  { engine, parameterization }: FitSpec<P>,
  set: P,
): Promise<FitState<P>> {
  const optimizer = adam({ learningRate: fitOf({ parameterization }).learningRate })
  const init = engine.compile('fit/init', (x: Tree) => optimizer.init(x))
  return { step: 0, set, optimizer: await init(set) }
}

const fitOf = ({ parameterization }: Pick<FitSpec, 'parameterization'>) => {
  const { fit, name } = parameterization
  if (!fit) throw new HabaError(`fit ${name}`, 'a parameterization with `fit`', 'none', 'Distill it as it starts.')
  if (!Number.isInteger(fit.steps) || fit.steps < 1 || !(fit.learningRate > 0))
    throw new HabaError(
      `fit ${name}`,
      'at least 1 step at a learningRate above 0',
      `${fit.steps} at ${fit.learningRate}`,
      '',
    )
  return fit
}

/**
 * Fits a set to real images, as its parameterization's `fit` says: every slot under every view has a real image of its class
 * of its own (classes with too few give theirs again), and Adam lowers the mean squared error.
 *
 * @throws HabaError naming the first tensor that is not finite, and the step, which is not taken
 */
export async function* fit<P extends Tree>(
  spec: FitSpec<P>,
  from: FitState<P>,
): AsyncGenerator<FitReport<P>, void, void> {
  checkArguments('fit', spec, { engine: 'engine', key: 'key', real: 'real', parameterization: 'parameterization' })
  const { engine, key, parameterization, real } = spec
  const { steps, learningRate } = fitOf(spec)
  const optimizer = adam({ learningRate })
  const targets = targetsOf(spec)
  const { slots, views } = parameterization.layout
  const products = Int32Array.from({ length: slots * views }, (_, i) => i)
  const move = engine.compile('fit/step', (set: P, before: AdamState, rows: Rows, wanted: Tensor4D) => {
    const { value, grad } = valueAndGrad(
      (x: P) => mean(square(sub(parameterization.render(x, rows).images, wanted))),
      set,
    )
    const { updates, state } = optimizer.update(grad, before, set)
    const next = applyUpdates(set, updates)
    return { loss: value, sum: sumOfAll(next, state), set: next, optimizer: state }
  })
  let state = from
  while (state.step < steps) {
    const drawn = drawSome(foldIn(foldIn(key, 'fit'), state.step), products, BATCH)
    const wanted = await real.images(drawn.map((product) => targets[product]!))
    const rows = rowsOf(
      drawn.map((product) => product % slots),
      drawn.map((product) => Math.floor(product / slots)),
    )
    const {
      loss,
      sum,
      set,
      optimizer: moved,
    } = await move(state.set, state.optimizer, rows, wanted).catch((error: unknown) => {
      disposeTree(rows, wanted)
      throw error
    })
    const value = (await loss.data())[0]!
    const bad = Number.isFinite(value + (await sum.data())[0]!)
      ? undefined
      : Number.isFinite(value)
        ? firstNotFinite({ set, optimizer: moved })
        : (firstNotFinite({ images: wanted }) ?? { path: 'loss', value })
    disposeTree(rows, wanted, loss, sum)
    if (bad) {
      disposeTree(set, moved)
      throw notFiniteError(`fit ${parameterization.name}`, bad, `at step ${state.step + 1}`, 'Lower its rate.')
    }
    disposeTree(state.set, state.optimizer)
    state = { step: state.step + 1, set, optimizer: moved }
    yield { loss: value, state }
  }
}

/** The real image of each product, `view · slots + slot`. */
function targetsOf({ key, parameterization, real }: FitSpec): Int32Array {
  const { layout } = parameterization
  const { slots, views, classes } = layout
  const targets = new Int32Array(slots * views)
  indicesByClass(real.labels, classes).forEach((members, label) => {
    const own = slotsOfClass(layout, label)
    const chosen = drawSome(foldIn(foldIn(key, 'fit targets'), label), members, own.length * views)
    own.forEach((slot, i) => {
      for (let view = 0; view < views; view++)
        targets[view * slots + slot] = chosen[(i * views + view) % chosen.length]!
    })
  })
  return targets
}
