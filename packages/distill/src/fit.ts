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

/** A fit: set, real images and engine. Every `DistillSpec` is one. */
export interface FitSpec<P extends Tree = Tree> {
  readonly engine: Engine
  readonly key: Key
  readonly real: RealSource
  readonly parameterization: Parameterization<P>
}

/** The complete state of a fit: a fit resumed from it is identical bit for bit. */
export type FitState<P extends Tree = Tree> = {
  /** Steps taken. */
  readonly step: number
  readonly set: P
  readonly optimizer: AdamState
}

/** The report of one step of fitting. */
export interface FitReport<P extends Tree = Tree> {
  /** Mean squared error of the step's images, before the update, in the preprocessed space. */
  readonly loss: number
  /** Owned by the fit until the next report is requested; the caller owns the last one. */
  readonly state: FitState<P>
}

/** Images per step: enough for a stable gradient, few enough for large sets. */
const BATCH = 256

/** The state before the first step of fitting. @param set initial parameters; the fit owns them from here on */
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
  if (!fit) throw new HabaError(`fit ${name}`, 'a parameterization with `fit`', 'none', 'Distill it without fitting.')
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
 * Fits a set to real images with the settings of its parameterization's `fit`. Every rendered slot gets a different real image
 * of its class as its target (repeated in classes with too few images), and Adam minimizes the mean squared error.
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
  const move = engine.compile('fit/step', (set: P, before: AdamState, rows: Rows, targetImages: Tensor4D) => {
    const { value, grad } = valueAndGrad(
      (x: P) => mean(square(sub(parameterization.render(x, rows).images, targetImages))),
      set,
    )
    const { updates, state } = optimizer.update(grad, before, set)
    const next = applyUpdates(set, updates)
    return { loss: value, sum: sumOfAll(next, state), set: next, optimizer: state }
  })
  let state = from
  while (state.step < steps) {
    const drawn = drawSome(foldIn(foldIn(key, 'fit'), state.step), products, BATCH)
    const targetImages = await real.images(drawn.map((product) => targets[product]!))
    const rows = rowsOf(
      drawn.map((product) => product % slots),
      drawn.map((product) => Math.floor(product / slots)),
    )
    const {
      loss,
      sum,
      set,
      optimizer: moved,
    } = await move(state.set, state.optimizer, rows, targetImages).catch((error: unknown) => {
      disposeTree(rows, targetImages)
      throw error
    })
    const value = (await loss.data())[0]!
    const bad = Number.isFinite(value + (await sum.data())[0]!)
      ? undefined
      : Number.isFinite(value)
        ? firstNotFinite({ set, optimizer: moved })
        : (firstNotFinite({ images: targetImages }) ?? { path: 'loss', value })
    disposeTree(rows, targetImages, loss, sum)
    if (bad) {
      disposeTree(set, moved)
      throw notFiniteError(`fit ${parameterization.name}`, bad, `at step ${state.step + 1}`, 'Lower its learning rate.')
    }
    disposeTree(state.set, state.optimizer)
    state = { step: state.step + 1, set, optimizer: moved }
    yield { loss: value, state }
  }
}

/** The index of the real image of each rendering, at `view · slots + slot`. */
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
