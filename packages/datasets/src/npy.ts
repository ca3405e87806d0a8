import { HabaError } from '@haba/core'

/** An array of a NumPy file, in C order. */
export interface NpyArray {
  readonly shape: readonly number[]
  readonly values: ArrayLike<number>
}

const mark = '\u0093NUMPY'

/** Types by NumPy's code without byte order: bytes per number, and how to read one. */
const readers: Readonly<
  Record<string, readonly [bytes: number, read: (view: DataView, at: number, little: boolean) => number]>
> = {
  b1: [1, (view, at) => view.getUint8(at)],
  i1: [1, (view, at) => view.getInt8(at)],
  u1: [1, (view, at) => view.getUint8(at)],
  i2: [2, (view, at, little) => view.getInt16(at, little)],
  u2: [2, (view, at, little) => view.getUint16(at, little)],
  i4: [4, (view, at, little) => view.getInt32(at, little)],
  u4: [4, (view, at, little) => view.getUint32(at, little)],
  i8: [8, (view, at, little) => Number(view.getBigInt64(at, little))],
  u8: [8, (view, at, little) => Number(view.getBigUint64(at, little))],
  f4: [4, (view, at, little) => view.getFloat32(at, little)],
  f8: [8, (view, at, little) => view.getFloat64(at, little)],
}

/**
 * Reads one numeric array in NumPy's format (versions 1 to 3), in C order; bytes are not copied.
 *
 * @param origin its source, for errors
 */
export function readNpy(bytes: Uint8Array, origin: string): NpyArray {
  const wrong = (expected: string, got: string, todo: string) => new HabaError(origin, expected, got, todo)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 12 || Buffer.from(bytes.subarray(0, 6)).toString('latin1') !== mark)
    throw wrong('an array in NumPy format', 'other bytes', 'Write it with numpy.save or numpy.savez.')
  const start = bytes[6] === 1 ? 10 : 12
  const end = start + (start === 10 ? view.getUint16(8, true) : view.getUint32(8, true))
  const header = Buffer.from(bytes.subarray(start, end)).toString('latin1')
  const type = /'descr':\s*'([<>|=])?([a-zA-Z]\d+)'/.exec(header)
  const reader = readers[type?.[2] ?? '']
  const list = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1]
  if (!reader || list === undefined)
    throw wrong(
      'an array of numbers',
      /'descr':\s*([^,]*)/.exec(header)?.[1] ?? 'an array without a type',
      'Convert it with astype.',
    )
  if (/'fortran_order':\s*True/.test(header))
    throw wrong('an array in C order', 'one in Fortran order', 'Write numpy.ascontiguousarray of it.')
  const shape = list
    .split(',')
    .filter((text) => text.trim() !== '')
    .map(Number)
  if (!shape.every((length) => Number.isSafeInteger(length) && length >= 0))
    throw wrong('a shape of whole numbers', `(${list})`, 'Write the file again: it is damaged.')
  const count = shape.reduce((product, length) => product * length, 1)
  const [size, read] = reader
  if (bytes.length - end !== count * size)
    throw wrong(`${count * size} bytes of [${shape}]`, `${bytes.length - end}`, 'Write the file again: it is damaged.')
  if (type![2] === 'u1') return { shape, values: bytes.subarray(end) }
  const little = type![1] !== '>'
  const values = size > 4 || type![2] === 'u4' ? new Float64Array(count) : new Float32Array(count)
  for (let i = 0; i < count; i++) values[i] = read(view, end + i * size, little)
  return { shape, values }
}
