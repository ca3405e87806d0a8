import { HabaError } from './errors.js'
import { foldIn, integers, permutation } from './random/key.js'
import type { Key } from './spec/random.js'
import type { Layout, Rows } from './spec/synthetic.js'
import { tensor } from './tree/host.js'

/** The class-major labels of a set, `[slots]`. @param perClass slots of every class, or of each one */
export function classMajorLabels(who: string, classes: number, perClass: number | readonly number[]): Int32Array {
  const sizes = typeof perClass === 'number' ? Array.from({ length: classes }, () => perClass) : perClass
  if (sizes.length !== classes || sizes.some((size) => !Number.isInteger(size) || size < 1))
    throw new HabaError(who, `a whole number of at least 1 for each of ${classes} classes`, `${perClass}`, '')
  return Int32Array.from(sizes.flatMap((size, label) => Array.from({ length: size }, () => label)))
}

/** The slots of a class, in order. */
export const slotsOfClass = (layout: Layout, label: number): Int32Array =>
  Int32Array.from([...layout.labels.keys()].filter((slot) => layout.labels[slot] === label))

/**
 * Slots as tensors, each under its view.
 *
 * @param slots `[rows]`, `0 … slots-1`
 * @param views one view for all rows, or `[rows]`; `0 … views-1`
 */
export const rowsOf = (slots: Int32Array, views: number | Int32Array): Rows => ({
  slots: tensor(slots, [slots.length]),
  views: tensor(typeof views === 'number' ? slots.map(() => views) : views, [slots.length]),
})

/** The number of distinct views of a slot, or all. */
export type ViewCount = number | 'all'

/**
 * Every slot under each of `count` distinct views, or under all views if there are fewer.
 *
 * @param most upper bound of the rows, which are then drawn at random @default no bound
 */
export function drawProducts(key: Key, layout: Layout, slots: Int32Array, count: ViewCount, most = Infinity): Rows {
  const all = Int32Array.from({ length: layout.views }, (_, view) => view)
  const views = count === 'all' || count >= layout.views ? all : drawSome(foldIn(key, 'views'), all, count)
  const products = Int32Array.from({ length: views.length * slots.length }, (_, i) => i)
  const rows = products.length > most ? drawSome(foldIn(key, 'rows'), products, most) : products
  return rowsOf(
    rows.map((i) => slots[i % slots.length]!),
    rows.map((i) => views[Math.floor(i / slots.length)]!),
  )
}

/** A view drawn uniformly. */
export const drawView = (key: Key, layout: Layout): number => drawViews(key, layout, 1)[0]!

/** A view drawn uniformly for each of `count` rows. */
export const drawViews = (key: Key, layout: Layout, count: number): Int32Array => integers(key, count, layout.views)

/** Two distinct views. */
export function drawPair(key: Key, layout: Layout): readonly [number, number] {
  const order = permutation(key, layout.views)
  return [order[0]!, order[1]!]
}

/**
 * `count` batches of slots. A permutation of all slots is cut into batches, which are used from its end; then a new one is
 * drawn. The last batch of a permutation may be short (MTT's released code).
 */
export function drawBatches(key: Key, layout: Layout, count: number, size = layout.slots): readonly Int32Array[] {
  const batches: Int32Array[] = []
  for (let round = 0; batches.length < count; round++) {
    const order = permutation(foldIn(key, round), layout.slots)
    const chunks = Array.from({ length: Math.ceil(order.length / size) }, (_, i) =>
      order.slice(i * size, (i + 1) * size),
    )
    batches.push(...chunks.reverse())
  }
  return batches.slice(0, count)
}

/** `count` distinct members of `from`, or all of them in random order if there are fewer. */
export function drawSome(key: Key, from: Int32Array, count: number): Int32Array {
  const order = permutation(key, from.length)
  return order.slice(0, Math.min(count, from.length)).map((i) => from[i]!)
}

const members = new WeakMap<Int32Array, readonly Int32Array[]>()

/** The indices of every class in a list of labels; cached, because every step needs it. */
export function indicesByClass(labels: Int32Array, classes: number): readonly Int32Array[] {
  const known = members.get(labels)
  if (known?.length === classes) return known
  const lists = Array.from({ length: classes }, () => [] as number[])
  labels.forEach((label, i) => lists[label]!.push(i))
  const typed = lists.map((list) => Int32Array.from(list))
  members.set(labels, typed)
  return typed
}
