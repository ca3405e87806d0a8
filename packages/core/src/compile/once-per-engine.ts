import type { Engine } from '../spec/engine.js'

/** Caches `make` for each engine: compiled functions belong to one engine. */
export function oncePerEngine<T>(make: (engine: Engine) => T): (engine: Engine) => T {
  const made = new WeakMap<Engine, { readonly of: T }>()
  return (engine) => {
    const cached = made.get(engine) ?? { of: make(engine) }
    made.set(engine, cached)
    return cached.of
  }
}
