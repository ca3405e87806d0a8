import type { Scalar, Tensor4D } from '@tensorflow/tfjs-core'
import {
  adam,
  applyUpdates,
  disposeTree,
  drawSome,
  fold,
  HabaError,
  indicesByClass,
  mean,
  rowsOf,
  slotsOfClass,
  square,
  sub,
  valueAndGrad,
  type Engine,
  type Key,
  type Parameterization,
  type RealSource,
  type Rows,
  type Tree,
} from '@haba/core'

/** What is fitted, to what, and where it runs; a `DistillSpec` is one. */
export interface FitSpec {
  readonly engine: Engine
  readonly key: Key
  readonly real: RealSource
  readonly parameterization: Parameterization<Tree>
}

/** What fitting carries from step to step: saved and loaded, it continues bit for bit as if never stopped. */
export type FitState = {
  /** Steps taken. */
  readonly step: number
  readonly set: Tree
  readonly optimizer: Tree
}

/** What one step of fitting tells. */
export interface FitReport {
  /** Mean squared error of the step's images, before the update, in the preprocessed space. */
  readonly loss: number
  /** Belongs to the fit until the next report is asked for; the last one belongs to the caller. */
  readonly state: FitState
}

/** Images a step: enough for a steady gradient, few enough for large sets. */
const BATCH = 256

/** Fitting before its first step. @param set as its parameterization starts it; it belongs to the fit from here on */
export async function startFitting({ engine, parameterization }: FitSpec, set: Tree): Promise<FitState> {
  const optimizer = adam({ rate: fitOf({ parameterization }).rate })
  const init = engine.compile('fit/init', (x: Tree) => optimizer.init(x))
  return { step: 0, set, optimizer: await init(set) }
}

const fitOf = ({ parameterization }: Pick<FitSpec, 'parameterization'>) => {
  const { fit, name } = parameterization
  if (!fit) throw new HabaError(`fit ${name}`, 'a parameterization with `fit`', 'none', 'Distill it as it starts.')
  if (!Number.isInteger(fit.steps) || fit.steps < 1 || !(fit.rate > 0))
    throw new HabaError(`fit ${name}`, 'at least 1 step at a rate above 0', `${fit.steps} at ${fit.rate}`, '')
  return fit
}

/**
 * Fits a set to real images, as its parameterization's `fit` says: every slot under every view has a real image of its class
 * of its own (classes with too few give theirs again), and Adam lowers the mean squared error.
 */
export async function* fit(spec: FitSpec, from: FitState): AsyncGenerator<FitReport, void, void> {
  const { engine, key, parameterization, real } = spec
  const { steps, rate } = fitOf(spec)
  const optimizer = adam({ rate })
  const targets = targetsOf(spec)
  const { slots, views } = parameterization.layout
  const products = Int32Array.from({ length: slots * views }, (_, i) => i)
  const move = engine.compile('fit/step', (set: Tree, before: Tree, rows: Rows, wanted: Tensor4D) => {
    const { value, grad } = valueAndGrad(
      (x: Tree) => mean(square(sub(parameterization.render(x, rows).images, wanted))) as Scalar,
      set,
    )
    const { updates, state } = optimizer.update(grad, before as never, set)
    return { loss: value, set: applyUpdates(set, updates), optimizer: state as Tree }
  })
  let state = from
  while (state.step < steps) {
    const drawn = drawSome(fold(fold(key, 'fit'), state.step), products, BATCH)
    const rows = rowsOf(
      drawn.map((product) => product % slots),
      drawn.map((product) => Math.floor(product / slots)),
    )
    const wanted = await real.images(drawn.map((product) => targets[product]!))
    const { loss, set, optimizer: moved } = await move(state.set, state.optimizer, rows, wanted)
    const value = (await loss.data())[0]!
    disposeTree(rows, wanted, loss, state.set, state.optimizer)
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
    const chosen = drawSome(fold(fold(key, 'fit targets'), label), members, own.length * views)
    own.forEach((slot, i) => {
      for (let view = 0; view < views; view++)
        targets[view * slots + slot] = chosen[(i * views + view) % chosen.length]!
    })
  })
  return targets
}
