import type { StorageReport } from '@haba/core'
import type { Metrics } from './metrics.js'
import type { Picture } from './picture.js'
import type { Uses } from './uses.js'

/** The test accuracy of one training set under the run's protocol. */
export interface Accuracy {
  readonly name: string
  /**
   * `set` for the distilled set (exactly one), `baseline` for all others.
   * @default 'baseline'
   */
  readonly role?: 'set' | 'baseline'
  /** Stored values. */
  readonly floats: number
  readonly bytes: number
  /** The mean over runs, `0 … 1`. */
  readonly mean: number
  /** The standard deviation over runs, `0 … 1`. */
  readonly std: number
  /** Number of trained students. */
  readonly runs: number
  /** Accuracies of other networks. @default none */
  readonly others?: readonly { readonly network: string; readonly mean: number; readonly std: number }[]
  readonly note?: string
}

/** One slot of the set, in pictures. */
export interface GallerySlot {
  readonly className: string
  readonly slot: number
  /** The stored picture; absent for plain pixels. */
  readonly basis?: Picture
  /** The rendered pictures, one per view. */
  readonly views: readonly Picture[]
}

/** The pictures of a set: every basis with its images. */
export interface Gallery {
  /** Class by class. */
  readonly slots: readonly GallerySlot[]
  /** Number of slots of the set, if not all are shown. */
  readonly stored?: number
  /** How bases and images were scaled for showing (from `toPixels`). */
  readonly caption?: string
}

/** One picture of the set as it changed over the run. */
export interface Snapshot {
  readonly className: string
  readonly slot: number
  readonly view: number
  readonly frames: readonly { readonly step: number; readonly picture: Picture }[]
}

/** The contents of a run's page, as plain data. */
export interface RunPage {
  readonly title: string
  /** One or two sentences: what was distilled, from what data, and how. */
  readonly summary: string
  /** The run's random key, as written in its manifest. */
  readonly key: string
  readonly accuracies: readonly Accuracy[]
  readonly storage: StorageReport & {
    /** Budget of the set: `{ name: '10 images per class', bytes: 1_228_800 }`. */
    readonly budget?: { readonly name: string; readonly bytes: number }
  }
  readonly gallery: Gallery
  /** Metrics of every step, from `readMetrics`; one curve per name. */
  readonly metrics: readonly Metrics[]
  /** Accuracy during the run, `0 … 1`. */
  readonly evaluations?: readonly { readonly step: number; readonly mean: number; readonly std: number }[]
  readonly snapshots?: readonly Snapshot[]
  /** Downstream tasks: other networks, continual learning, architecture search. */
  readonly uses?: Uses
  /** Tables by title (`protocol`, `objective`, …); nested records become dotted names. */
  readonly settings: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly versions: Readonly<Record<string, string>>
}
