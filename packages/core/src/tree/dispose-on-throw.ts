import type { Args } from '../spec/tree.js'
import { disposeTree } from './tree.js'

/** Marks a tree as one to be disposed if the work throws, and returns it. */
export type Own = <T extends Args>(tree: T) => T

/**
 * Runs `work` and, where it throws, disposes every tree that it passed to `own`; a tree that arrives later, from work that
 * was still under way, is disposed when it arrives. Where `work` returns, nothing is disposed.
 *
 * @example
 * disposeOnThrow(async (own) => ({ weights: own(init()), images: own(await real.images(rows)) }))
 */
export async function disposeOnThrow<R>(work: (own: Own) => Promise<R>): Promise<R> {
  const made: Args[] = []
  let thrown = false
  const own: Own = (tree) => {
    if (thrown) disposeTree(tree)
    else made.push(tree)
    return tree
  }
  try {
    return await work(own)
  } catch (error) {
    thrown = true
    disposeTree(...made)
    throw error
  }
}
