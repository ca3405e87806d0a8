/** Non-negative integers as varints (LEB128): seven bits per byte, lowest first; all but the last byte have their top bit set. */
export function varints(...numbers: readonly number[]): Uint8Array {
  const bytes: number[] = []
  for (let left of numbers) {
    for (; left >= 128; left = Math.floor(left / 128)) bytes.push((left % 128) + 128)
    bytes.push(left)
  }
  return Uint8Array.from(bytes)
}
