import type { Tensor } from '@tensorflow/tfjs-core'
import type { StorageReport } from './synthetic.js'

/** What a file holds under each name: a float32 or int32 tensor, or bytes that a codec wrote. */
export type StoredTensors = ReadonlyMap<string, Tensor | Uint8Array>

/** What a codec made of a set's tensors. */
export interface EncodedTensors {
  /** Under the names of the tensors. */
  readonly stored: StoredTensors
  /** Where its bytes go; they add up to the bytes of `stored`. `floats` counts the values that are stored. */
  readonly parts: StorageReport['parts']
}

/** Stores a set's tensors in few bits. What is measured of a coded set is what `decode` gives, to the last bit. */
export interface SetCodec {
  /** Names the format: `decode` reads what any codec of this name wrote. */
  readonly name: string
  /** Tensors by their dotted paths, such as `bases` or `hallucinators.encode.kernel`. */
  encode(tensors: ReadonlyMap<string, Tensor>): EncodedTensors
  /** Float32 and int32 tensors of the shapes that were encoded. @param source names the file in errors */
  decode(stored: StoredTensors, source: string): ReadonlyMap<string, Tensor>
}
