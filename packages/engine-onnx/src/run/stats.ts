/** What one named function cost so far. */
export interface FunctionStats {
  readonly calls: number
  /** Inside onnxruntime. */
  readonly runMilliseconds: number
  /** Around onnxruntime: handing over and taking back arrays. */
  readonly hostMilliseconds: number
  /** Operators of the onnx graph compiled last. */
  readonly operators: number
}

/** What an engine did so far. */
export interface OnnxStats {
  /** Programs traced: one for every signature of every function, two where it was linearized. */
  readonly compilations: number
  /** Onnx sessions made: one for a program, and another where its inputs keep arriving in other layouts; one lives at a time. */
  readonly sessions: number
  /** Spent on tracing, lowering and making sessions. */
  readonly compileMilliseconds: number
  readonly functions: Readonly<Record<string, FunctionStats>>
}

/** Counters that the engine moves. */
export interface Counters extends OnnxStats {
  compilations: number
  sessions: number
  compileMilliseconds: number
  readonly functions: Record<string, { -readonly [K in keyof FunctionStats]: FunctionStats[K] }>
}

export const emptyCounters = (): Counters => ({ compilations: 0, sessions: 0, compileMilliseconds: 0, functions: {} })

/** The counters of one function, made on first sight. */
export const countersOf = (counters: Counters, name: string) =>
  (counters.functions[name] ??= { calls: 0, runMilliseconds: 0, hostMilliseconds: 0, operators: 0 })

/** Runs `make` and counts its time as compiling. */
export function compiling<T>(counters: Counters, make: () => T): T {
  const start = performance.now()
  try {
    return make()
  } finally {
    counters.compileMilliseconds += performance.now() - start
  }
}
