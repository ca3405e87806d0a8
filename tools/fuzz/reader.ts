import type { Mutation } from './mutate-bytes.js'

/** A good file, and how it is damaged. */
export interface Seed {
  /** Its path in the folder of the reader. */
  readonly file: string
  /** @default what lies there */
  readonly bytes?: Uint8Array
  /** One of them is chosen for each case. */
  readonly mutations: readonly Mutation[]
}

/** One way of reading files that may be damaged. */
export interface Reader {
  readonly name: string
  /** Puts good files into an empty folder, and says how to read them. @param made a folder with runs, see `make.ts` */
  open(folder: string, made: string): Promise<OpenReader>
}

interface OpenReader {
  readonly seeds: readonly Seed[]
  /** @param file the damaged file */
  read(file: string): Promise<unknown>
  /** Bytes that may be allocated for each byte of the file, … */
  readonly multiple: number
  /** … and bytes besides, which do not depend on it. @default 2 ** 20 */
  readonly besides?: number
}
