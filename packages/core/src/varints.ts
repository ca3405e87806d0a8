/** Whole numbers of at least 0, seven bits a byte, the lowest first; all but the last byte of a number have their top bit set. */
export function varints(...numbers: readonly number[]): Uint8Array {
  const bytes: number[] = []
  for (let left of numbers) {
    for (; left >= 128; left = Math.floor(left / 128)) bytes.push((left % 128) + 128)
    bytes.push(left)
  }
  return Uint8Array.from(bytes)
}
