import type { Args } from '../spec/tree.js'
import { disposeTree } from './tree.js'

/** Marks a tree to be disposed if the work throws, and returns it. */
export type Own = <T extends Args>(tree: T) => T

/**
 * Runs `work` and, if it throws, disposes every tree that it passed to `own`, also trees that pending work passes later.
 * If `work` returns, nothing is disposed.
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
