import type { Screen } from '../progress.js'

/** Where commands write: results to `out`, progress to `err`. */
export interface Terminal {
  readonly out: Screen
  readonly err: Screen
}
