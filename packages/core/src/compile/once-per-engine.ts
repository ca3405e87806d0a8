import type { Engine } from '../spec/engine.js'

/** Compiled functions belong to an engine; this makes them when an engine is first seen, and keeps them with it. */
export function oncePerEngine<T>(make: (engine: Engine) => T): (engine: Engine) => T {
  const made = new WeakMap<Engine, { readonly of: T }>()
  return (engine) => {
    const known = made.get(engine) ?? { of: make(engine) }
    made.set(engine, known)
    return known.of
  }
}
