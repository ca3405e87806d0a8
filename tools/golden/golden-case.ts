import type { Engine } from '@haba/core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Wave } from './wave.js'

/** What a case is computed from: everything is read from the folder. */
export interface Given {
  readonly engine: Engine
  /** The manifest's words; rates and weights that are not stored as tensors stand there (`stated`). */
  readonly what: string
  /** The manifest's data for this case, such as plans and parameter orders. */
  readonly meta: unknown
  readonly wave: Wave
  /** A tensor of the case's file. A tensor that no case reads is an error, so nothing stored goes unchecked. */
  tensor(name: string): Tensor
  /** All tensors whose names start with `prefix`, by the rest of their names. */
  group(prefix: string): Readonly<Record<string, Tensor>>
}

/** What is stored beside what we compute, in the layout of the file. */
export interface Comparison {
  readonly expected: Tensor
  readonly got: Tensor
  /** 2 for gradients of something made of gradients: they are compared at the wider tolerance. */
  readonly order: 1 | 2
}

/** Computes a case through public functions of the packages; keys name the comparisons in the report. */
export type GoldenCase = (given: Given) => Promise<Readonly<Record<string, Comparison>>>

/** The number that follows a phrase (a regular expression) in a case's words. @param otherwise the case's definition, where the words are missing */
export function stated(what: string, phrase: string, otherwise: number): number {
  const found = new RegExp(`${phrase} (\\d+(?:\\.\\d+)?(?:e[-+]?\\d+)?)`).exec(what)
  return found ? Number(found[1]) : otherwise
}
