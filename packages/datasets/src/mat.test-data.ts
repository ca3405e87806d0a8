import { deflateSync } from 'node:zlib'

/** A numeric array to be written. */
interface Written {
  readonly name: string
  readonly shape: readonly number[]
  /** The first axis varies fastest. */
  readonly values: Uint8Array | Float64Array | Float32Array | BigInt64Array | BigUint64Array
}

/** The codes of an array's type in the file: MATLAB's class, and the stored type. */
function codesOf(values: Written['values']): readonly [kind: number, stored: number] {
  if (values instanceof Uint8Array) return [9, 2]
  if (values instanceof Float32Array) return [7, 7]
  if (values instanceof BigInt64Array) return [14, 12]
  if (values instanceof BigUint64Array) return [15, 13]
  return [6, 9]
}

const word = (...values: readonly number[]) => Buffer.from(Uint32Array.from(values).buffer)

/** A tag and its data, padded to eight bytes; up to four bytes are inside the tag, as MATLAB writes them. */
function element(code: number, bytes: Uint8Array): Buffer {
  if (bytes.length <= 4) return Buffer.concat([word(code | (bytes.length << 16)), bytes], 8)
  return Buffer.concat([word(code, bytes.length), bytes], 8 + Math.ceil(bytes.length / 8) * 8)
}

/** @param kind the class, with flags from the second byte on */
function matrix({ name, shape, values }: Written, kind: number): Buffer {
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength)
  const content = Buffer.concat([
    element(6, word(kind, 0)),
    element(5, Buffer.from(Int32Array.from(shape).buffer)),
    element(1, Buffer.from(name)),
    element(codesOf(values)[1], bytes),
  ])
  return Buffer.concat([word(14, content.length), content])
}

/** The bytes of a MATLAB 5 file, each array compressed by default. */
export function matFile(arrays: readonly Written[], { compressed = true, kind = 0 } = {}): Buffer {
  const header = Buffer.alloc(128, ' ')
  header.write('MATLAB 5.0 MAT-file, written by a test')
  header.fill(0, 116, 124)
  header.write('\u0000\u0001IM', 124, 'latin1')
  const elements = arrays.map((array) => {
    const whole = matrix(array, kind || codesOf(array.values)[0])
    if (!compressed) return whole
    const packed = deflateSync(whole)
    return Buffer.concat([word(15, packed.length), packed])
  })
  return Buffer.concat([header, ...elements])
}
