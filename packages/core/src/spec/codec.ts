import type { Tensor } from '@tensorflow/tfjs-core'
import type { StorageReport } from './synthetic.js'

/** The content of a file by name: float32 or int32 tensors, or bytes that a codec wrote. */
export type StoredTensors = ReadonlyMap<string, Tensor | Uint8Array>

/** The encoded tensors of a set. */
export interface EncodedTensors {
  /** Under the names of the tensors. */
  readonly stored: StoredTensors
  /** The bytes of each part; they add up to the bytes of `stored`. `floats` counts stored values. */
  readonly parts: StorageReport['parts']
}

/** Stores a set's tensors in few bits. Evaluations of a coded set use what `decode` returns, to the last bit. */
export interface SetCodec {
  /** The name of the format: `decode` reads what any codec of this name wrote. */
  readonly name: string
  /** Tensors by their dotted paths, such as `bases` or `hallucinators.encode.kernel`. */
  encode(tensors: ReadonlyMap<string, Tensor>): EncodedTensors
  /** Float32 and int32 tensors of the shapes that were encoded. @param source the file, for errors */
  decode(stored: StoredTensors, source: string): ReadonlyMap<string, Tensor>
}
