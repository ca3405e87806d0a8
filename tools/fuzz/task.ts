/** What became of a damaged file: read, or refused by an error of haba that names it; the rest are faults. */
export const kinds = ['read', 'refused', 'foreign', 'unnamed', 'memory'] as const
export type Outcome = (typeof kinds)[number]

/** What a child process does. */
export type Task =
  | { readonly kind: 'make'; readonly made: string }
  | {
      readonly kind: 'run'
      readonly readers: readonly string[]
      readonly seed: number
      /** The first case, and the one after the last. */
      readonly from: number
      readonly to: number
      /** The first case of the first reader, where earlier ones are done. */
      readonly resume: number
      readonly made: string
      /** A file that tells the number of the reader, its case and its counts so far, as 32-bit numbers. */
      readonly progress: string
      /** Whether damaged files are kept in the working folder, and outcomes printed. */
      readonly keep: boolean
    }

/** A case that was neither read nor refused. */
export interface Failure {
  readonly reader: string
  readonly case: number
  readonly outcome: Outcome | 'hang' | 'crash'
  readonly text: string
}

/** What a child process tells. */
export type Message = Failure | { readonly done: string; readonly counts: readonly number[] }
