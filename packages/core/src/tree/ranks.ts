import type { Rank } from '@tensorflow/tfjs-core'

type Ranks = [Rank.R0, Rank.R1, Rank.R2, Rank.R3, Rank.R4, Rank.R5, Rank.R6]

/** The rank of a shape: its length if that is known, else any. */
export type RankOf<S extends readonly number[]> = number extends S['length']
  ? Rank
  : S['length'] extends keyof Ranks & number
    ? Ranks[S['length']]
    : Rank

/** A rank and all lower ones, which broadcast to it. */
export type AtMost<R extends Rank> = {
  R0: Rank.R0
  R1: Rank.R0 | Rank.R1
  R2: Rank.R0 | Rank.R1 | Rank.R2
  R3: Rank.R0 | Rank.R1 | Rank.R2 | Rank.R3
  R4: Rank.R0 | Rank.R1 | Rank.R2 | Rank.R3 | Rank.R4
  R5: Exclude<Rank, Rank.R6>
  R6: Rank
}[R]

/** Axes by number, negative ones from the end; undefined means all. */
export type Axes = number | readonly number[] | undefined

/** The rank after reducing axes; any if their number is unknown. */
export type Without<R extends Rank, A extends Axes> = A extends number
  ? OneLess<R>
  : A extends readonly [number, ...infer Rest extends readonly number[]]
    ? Without<OneLess<R>, Rest>
    : A extends readonly []
      ? R
      : Rank

type OneLess<R extends Rank> = Rank extends R
  ? Rank
  : { R0: never; R1: Rank.R0; R2: Rank.R1; R3: Rank.R2; R4: Rank.R3; R5: Rank.R4; R6: Rank.R5 }[R]
