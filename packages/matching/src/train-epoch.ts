import {
  disposeOnThrow,
  disposeTree,
  drawViews,
  foldIn,
  permutation,
  rowsOf,
  type AdvanceContext,
  type Args,
  type Key,
  type Trainer,
  type Training,
} from '@haba/core'

/** One epoch of a network on the updated set: every slot once, each under a view drawn for it. Disposes nothing it was given. */
export async function trainEpoch(
  { step }: Trainer,
  start: Training,
  key: Key,
  { layout, render }: Pick<AdvanceContext<Args>, 'layout' | 'render'>,
  { learningRate, batch: size }: { readonly learningRate: number; readonly batch: number },
): Promise<Training> {
  return disposeOnThrow(async (own) => {
    let training = start
    const order = permutation(foldIn(key, 'order'), layout.slots)
    for (let at = 0; at < order.length; at += size) {
      const slots = order.slice(at, at + size)
      const rows = own(rowsOf(slots, drawViews(foldIn(foldIn(key, 'view'), at), layout, slots.length)))
      const batch = own(await render(rows))
      const { next } = await step(training, batch, learningRate, foldIn(foldIn(key, 'augment'), at))
      disposeTree(rows, batch, ...(training === start ? [] : [training]))
      training = own(next)
    }
    return training
  })
}
