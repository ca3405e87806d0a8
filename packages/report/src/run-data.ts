import type { StorageReport } from '@haba/core'
import type { Metrics } from './metrics.js'
import type { Picture } from './picture.js'
import type { Uses } from './uses.js'

/** The test accuracy of one training set under the run's protocol. */
export interface Accuracy {
  readonly name: string
  /**
   * `set` is what this run distilled (exactly one), `baseline` what it is compared with.
   * @default 'baseline'
   */
  readonly role?: 'set' | 'baseline'
  /** Stored 32-bit numbers. */
  readonly floats: number
  readonly bytes: number
  /** The mean over runs, `0 … 1`. */
  readonly mean: number
  /** The standard deviation over runs, `0 … 1`. */
  readonly std: number
  /** How many students were trained. */
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
  /** How many slots the set has, where not all are shown. */
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

/** All that the page of one run shows, as plain data. */
export interface RunPage {
  readonly title: string
  /** One or two sentences: what was distilled, how, from what. */
  readonly summary: string
  /** The run's random key, as written in its manifest. */
  readonly key: string
  readonly accuracies: readonly Accuracy[]
  readonly storage: StorageReport & {
    /** Budget of the set: `{ name: '10 images per class', bytes: 1_228_800 }`. */
    readonly budget?: { readonly name: string; readonly bytes: number }
  }
  readonly gallery: Gallery
  /** Measurements of every step, from `readMetrics`; a curve for each name. */
  readonly metrics: readonly Metrics[]
  /** Accuracy along the way, `0 … 1`. */
  readonly evaluations?: readonly { readonly step: number; readonly mean: number; readonly std: number }[]
  readonly snapshots?: readonly Snapshot[]
  /** Other networks, classes in steps, architecture search: what was measured of it. */
  readonly uses?: Uses
  /** Tables by title (`protocol`, `objective`, …); nested records become dotted names. */
  readonly settings: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly versions: Readonly<Record<string, string>>
}
