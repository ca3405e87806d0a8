import { join } from 'node:path'
import { bindingIn } from '../binding.js'

/** What is set up, and where everything lies. Nothing is written elsewhere. */
export interface Place {
  readonly folder: string
  /** Of pip: `tensorflow-cpu`, or `tensorflow` with the libraries of NVIDIA. */
  readonly wheel: 'tensorflow-cpu' | 'tensorflow[and-cuda]'
  /** Of TensorFlow. */
  readonly version: string
  /** Downloads, caches, half-made things; removed at the end. */
  readonly scratch: string
  /** Unpacked wheels, laid out as pip would: their libraries find each other by relative paths. */
  readonly wheels: string
  /** Sources of the binding. */
  readonly sources: string
  /** Headers of Node, where the running one brings none. */
  readonly headers: string
  /** The binding. */
  readonly binding: string
}

export const placeOf = (folder: string, wheel: Place['wheel'], version: string): Place => ({
  folder,
  wheel,
  version,
  scratch: join(folder, 'scratch'),
  wheels: join(folder, 'wheels'),
  sources: join(folder, 'tfjs-node'),
  headers: join(folder, 'node-api-headers'),
  binding: bindingIn(folder),
})
