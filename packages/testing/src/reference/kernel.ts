import type { Node, Primitive } from '@haba/core'

/** How a node's value follows from its operands' values; plain loops over double-precision numbers. */
export type Kernel<P extends Primitive = Primitive> = (
  node: Extract<Node, { readonly op: P }>,
  ...operands: readonly Float64Array[]
) => Float64Array

export type Kernels<P extends Primitive> = { readonly [Q in P]: Kernel<Q> }
