import type { Node, Primitive } from '@haba/core'
import type { Emitter } from './emitter.js'
import type { Value } from './value.js'

/** A node of one primitive. */
export type NodeOf<P extends Primitive> = Extract<Node, { readonly op: P }>

/** The operands of a node; a primitive's lowering reads as many as the primitive has. */
export type Operands = readonly [Value, Value, Value]

/** Emits one primitive and tells how its result is stored. */
export type Lowering<P extends Primitive> = (emit: Emitter, node: NodeOf<P>, operands: Operands) => Value

/** Lowerings of a family of primitives. */
export type Lowerings<P extends Primitive> = { readonly [Q in P]: Lowering<Q> }
