import type { Engine, RealSource } from '@haba/core'
import { leakCheck } from './leak-check.js'

/** Throws at one call of all that are counted. */
export interface Failing {
  /** The engine, whose compiled functions are counted. */
  readonly engine: Engine
  /** The source, whose `images` are counted. */
  readonly real: RealSource
}

/**
 * Runs `fn` again and again, with a failure at its first call of a compiled function or of `images`, then at its second and
 * so on, until it gets through; expects that no failure leaves a tensor behind.
 *
 * @param fn disposes what it makes where nothing fails
 * @returns how many failures there were
 */
export async function failAtEveryCall(from: Failing, fn: (failing: Failing) => Promise<void>): Promise<number> {
  for (let at = 1; ; at++) {
    let failed = false
    await leakCheck(async () => {
      let calls = 0
      const count = () => {
        if (++calls !== at) return
        failed = true
        throw new Error(`failure at call ${at}`)
      }
      await fn({ engine: countedEngine(from.engine, count), real: countedSource(from.real, count) }).catch(
        (error: unknown) => {
          if (!failed) throw error
        },
      )
    })
    if (!failed) return at - 1
  }
}

const countedEngine = (engine: Engine, count: () => void): Engine => ({
  ...engine,
  compile: (name, fn) => {
    const run = engine.compile(name, fn)
    return async (...args) => {
      count()
      return run(...args)
    }
  },
  linearize: (name, fn) => {
    const { forward, backward } = engine.linearize(name, fn)
    return {
      forward: async (...args) => {
        count()
        return forward(...args)
      },
      backward: async (kept, cotangent) => {
        count()
        return backward(kept, cotangent)
      },
    }
  },
})

const countedSource = (real: RealSource, count: () => void): RealSource => ({
  ...real,
  images: async (indices) => {
    count()
    return real.images(indices)
  },
})
