import { writeWhole } from '@haba/core/files'
import { zipSync } from 'fflate'
import { join } from 'node:path'
import type { ExportedSet } from './exported-set.js'

/**
 * `set.npz`, as NumPy and `npz` of @haba/datasets read it: `x_train` (uint8) and `y_train` (int64), `values` (float32, as networks
 * saw the images: neither rounded nor clamped), `class_names`, and `targets` (float32) where labels are soft.
 */
export async function toNpz(
  { image, rows, values, pixels, labels, targets, classNames }: ExportedSet,
  folder: string,
): Promise<void> {
  const longest = classNames.reduce((most, name) => Math.max(most, [...name].length), 1)
  const names = new Uint32Array(classNames.length * longest)
  classNames.forEach((name, i) =>
    names.set(
      [...name].map((char) => char.codePointAt(0)!),
      i * longest,
    ),
  )
  const arrays = {
    x_train: npy('|u1', [rows, ...image], pixels),
    y_train: npy('<i8', [rows], BigInt64Array.from(labels, BigInt)),
    values: npy('<f4', [rows, ...image], values),
    class_names: npy(`<U${longest}`, [classNames.length], names),
    ...(targets && { targets: npy('<f4', [rows, classNames.length], targets) }),
  }
  const files = Object.fromEntries(Object.entries(arrays).map(([name, bytes]) => [`${name}.npy`, bytes]))
  // A day that every zip can hold: the same set gives the same bytes.
  await writeWhole(join(folder, 'set.npz'), zipSync(files, { level: 0, mtime: new Date(2000, 0, 1) }))
}

/** An array in NumPy's format, version 1. */
function npy(type: string, shape: readonly number[], { buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  const about = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(', ')}${shape.length === 1 ? ',' : ''}), }`
  const header = `${about.padEnd(Math.ceil((about.length + 11) / 64) * 64 - 11)}\n`
  const bytes = Buffer.alloc(10 + header.length + byteLength)
  bytes.write('\u0093NUMPY\u0001\u0000', 'latin1')
  bytes.writeUInt16LE(header.length, 8)
  bytes.write(header, 10, 'latin1')
  bytes.set(new Uint8Array(buffer, byteOffset, byteLength), 10 + header.length)
  return bytes
}
