import {
  checkArguments,
  disposeTree,
  oncePerEngine,
  rowsOf,
  sizeOf,
  type AnyParameterization,
  type Batch,
  type Compiled,
  type Engine,
  type Parameterization,
  type RenderedSet,
  type Rows,
  type Tree,
} from '@haba/core'

/** Compiled once for each engine and parameterization. */
const rendererOn = oncePerEngine((engine) => {
  const made = new WeakMap<AnyParameterization, Compiled<[Tree, Rows], Batch>>()
  return (parameterization: AnyParameterization) => {
    const cached =
      made.get(parameterization) ??
      engine.compile('expand', (set: Tree, rows: Rows): Batch => parameterization.render(set, rows))
    made.set(parameterization, cached)
    return cached
  }
})

/** Renders every slot under every view. */
export async function expand<P extends Tree>(
  engine: Engine,
  parameterization: Parameterization<P>,
  params: P,
): Promise<RenderedSet> {
  checkArguments(
    'expand',
    { engine, parameterization, params },
    { engine: 'engine', parameterization: 'parameterization', params: 'object' },
  )
  const { layout } = parameterization
  const { slots, views, classes, image } = layout
  const render = rendererOn(engine)(parameterization)
  const all = Int32Array.from({ length: slots }, (_, i) => i)
  const images = new Float32Array(views * slots * sizeOf(image))
  const targets = new Float32Array(slots * classes)
  for (let view = 0; view < views; view++) {
    const rows = rowsOf(all, view)
    const batch = await render(params, rows)
    images.set(await batch.images.data<'float32'>(), view * slots * sizeOf(image))
    if (view === 0) targets.set(await batch.targets.data<'float32'>())
    disposeTree(batch, rows)
  }
  return { layout, images, targets }
}
