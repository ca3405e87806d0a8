import type { Interruption } from '@haba/cli'
import { performance } from 'node:perf_hooks'

/** Who may end the work early, and what of it. */
export interface Stop {
  /** Ends distilling, and recording: the time is up, or someone said so. */
  readonly distilling: Interruption
  /** Ends also measuring what is there: someone said so. */
  readonly measuring: Interruption
}

/** Ctrl-C and SIGTERM end everything at the next step, a second Ctrl-C at once. */
export function listenForStop(seconds: number): Stop {
  const end = performance.now() + 1000 * seconds
  let heard: number | undefined
  const hear = () => {
    // npm, a shell and tsx all pass on the same Ctrl-C.
    if (heard !== undefined && performance.now() - heard > 1000) process.exit(130)
    heard ??= performance.now()
  }
  process.on('SIGINT', hear)
  process.on('SIGTERM', hear)
  return {
    distilling: {
      get asked() {
        return heard !== undefined || performance.now() > end
      },
    },
    measuring: {
      get asked() {
        return heard !== undefined
      },
    },
  }
}
