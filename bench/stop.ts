import { performance } from 'node:perf_hooks'

/** Who may end the work early, and what of it. */
export interface Stop {
  /** Ends distilling, and recording: the time is up, or someone said so. */
  readonly distilling: AbortSignal
  /** Ends also measuring what is there: someone said so. */
  readonly measuring: AbortSignal
}

/** Ctrl-C and SIGTERM end everything at the next step, a second Ctrl-C at once. */
export function listenForStop(seconds: number): Stop {
  const [distilling, measuring] = [new AbortController(), new AbortController()]
  // Timers hold no more than this.
  if (seconds < Infinity) setTimeout(() => distilling.abort(), Math.min(1000 * seconds, 2 ** 31 - 1)).unref()
  let heard: number | undefined
  const hear = () => {
    // npm, a shell and tsx all pass on the same Ctrl-C.
    if (heard !== undefined && performance.now() - heard > 1000) process.exit(130)
    heard ??= performance.now()
    distilling.abort()
    measuring.abort()
  }
  process.on('SIGINT', hear)
  process.on('SIGTERM', hear)
  return { distilling: distilling.signal, measuring: measuring.signal }
}
