import {
  disposeTree,
  drawViews,
  fold,
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
  { rate, batch: size }: { readonly rate: number; readonly batch: number },
): Promise<Training> {
  let training = start
  const order = permutation(fold(key, 'order'), layout.slots)
  for (let at = 0; at < order.length; at += size) {
    const slots = order.slice(at, at + size)
    const rows = rowsOf(slots, drawViews(fold(fold(key, 'view'), at), layout, slots.length))
    const batch = await render(rows)
    const { next } = await step(training, batch, rate, fold(fold(key, 'augment'), at))
    disposeTree(rows, batch, ...(training === start ? [] : [training]))
    training = next
  }
  return training
}
