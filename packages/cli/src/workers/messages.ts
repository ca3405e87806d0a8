import type { HabaErrorFacts } from '@haba/core'
import type { MeasuredNetwork, MeasuringJob, MeasuringOptions } from '../run/measuring.js'

/** What a worker is told: first what to open, then jobs, one at a time. */
export type ToWorker = { readonly open: MeasuringOptions } | { readonly job: MeasuringJob }

/** What it says to each. */
export type FromWorker =
  { readonly done: MeasuredNetwork | 'opened' } | { readonly failed: string; readonly facts?: HabaErrorFacts }
