import type { Tensor1D, Tensor4D } from '@tensorflow/tfjs-core'
import {
  add,
  disposeTree,
  foldIn,
  keyFrom,
  mul,
  reshape,
  signature,
  slice,
  tensor,
  type Args,
  type Augmentation,
  type ImageShape,
  type Key,
} from '@haba/core'

/** A draw of one row of every kind, and which of them counts: `chosen` `[kinds]`, one-hot. */
export type SwitchedDraw = { readonly chosen: Tensor1D; readonly draws: readonly Args[] }

/** An augmentation whose operation is data. */
export interface Switched {
  /** A draw of one row beside one of every other kind; what was drawn passes into it. */
  widen(draw: Args, image: ImageShape): SwitchedDraw
  apply(images: Tensor4D, draw: SwitchedDraw): Tensor4D
}

const TRIES = 100

/**
 * Draws that all run as one program. The static part of a draw, such as its operation, would compile a new program for
 * every combination of the classes' draws. Here every operation is applied, and all but the drawn one are multiplied by
 * 0.
 */
export function switched(augmentation: Augmentation): Switched {
  const keysOf = new Map<string, ReadonlyMap<string, Key>>()
  const kindsOf = (image: ImageShape) => {
    const known = keysOf.get(`${image}`) ?? kinds(augmentation, image)
    keysOf.set(`${image}`, known)
    return known
  }
  return {
    widen(draw, image) {
      const own = signature([draw])
      const known = kindsOf(image)
      const others = [...known].filter(([kind]) => kind !== own)
      const place = known.has(own) ? [...known.keys()].indexOf(own) : known.size
      const draws = others.map(([, key]): Args => augmentation.draw(key, 1, image))
      draws.splice(place, 0, draw)
      return {
        chosen: tensor(
          draws.map((_, i) => +(i === place)),
          [draws.length],
        ),
        draws,
      }
    },
    apply: (images, { chosen, draws }) =>
      draws
        .map((draw, i) => mul(augmentation.apply(images, draw), reshape(slice(chosen, [i], [1]), [])))
        .reduce((sum, one) => add(sum, one)),
  }
}

/** The same batches, with draws that all run as one program. */
export const widened = <B extends { readonly augment: Args }>(
  batches: readonly B[],
  changed: Switched | undefined,
  image: ImageShape,
): readonly B[] =>
  changed ? batches.map((batch) => ({ ...batch, augment: changed.widen(batch.augment, image) })) : batches

/** A key for every kind of draw that some tries show, by signature. */
function kinds(augmentation: Augmentation, image: ImageShape): ReadonlyMap<string, Key> {
  const found = new Map<string, Key>()
  for (let i = 0; i < TRIES; i++) {
    const key = foldIn(keyFrom(0), i)
    const draw = augmentation.draw(key, 1, image)
    const kind = signature([draw])
    if (!found.has(kind)) found.set(kind, key)
    disposeTree(draw)
  }
  return found
}
