import type { Tensor } from '@tensorflow/tfjs-core'

/** Parameters of anything: tensors in nested records and lists. Record keys are visited in sorted order. */
export type Tree = Tensor | readonly Tree[] | { readonly [name: string]: Tree }

/** No parameters, no state. */
export type None = Readonly<Record<string, never>>

/**
 * Arguments of a compiled function. Tensor leaves may change from call to call; every other leaf is static: its value
 * is part of the signature, and a new value compiles again.
 */
export type Args = Tree | number | string | boolean | undefined | readonly Args[] | { readonly [name: string]: Args }
