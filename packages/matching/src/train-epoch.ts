import {
  disposeTree,
  drawView,
  fold,
  permutation,
  rowsOf,
  type AdvanceContext,
  type Args,
  type Key,
  type Trainer,
  type Training,
} from '@haba/core'

/** One epoch of a network on the updated set: every slot once, a view drawn for each batch. Disposes nothing it was given. */
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
    const rows = rowsOf(order.slice(at, at + size), drawView(fold(fold(key, 'view'), at), layout))
    const batch = await render(rows)
    const { next } = await step(training, batch, rate, fold(fold(key, 'augment'), at))
    disposeTree(rows, batch, ...(training === start ? [] : [training]))
    training = next
  }
  return training
}
