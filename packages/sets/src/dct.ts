/** The orthonormal DCT-II matrix, `[n, n]` row-major: row u is frequency u. */
export function dctMatrix(n: number): Float64Array {
  return Float64Array.from({ length: n * n }, (_, at) => {
    const [u, i] = [Math.floor(at / n), at % n]
    return Math.sqrt((u === 0 ? 1 : 2) / n) * Math.cos((Math.PI * (2 * i + 1) * u) / (2 * n))
  })
}

/** The two-dimensional orthonormal DCT-II of one channel of an image, `[height, width, channels]`. */
export type Transform = (image: Float32Array, channels: number, channel: number) => Float64Array

/** The transform for images of a size; its result is `[height · width]`, vertical frequency first. */
export function dct2(height: number, width: number): Transform {
  const [rows, columns] = [dctMatrix(height), dctMatrix(width)]
  return (image, channels, channel) => {
    const half = new Float64Array(height * width) // [y, v]
    for (let y = 0; y < height; y++)
      for (let v = 0; v < width; v++) {
        let total = 0
        for (let x = 0; x < width; x++) total += image[(y * width + x) * channels + channel]! * columns[v * width + x]!
        half[y * width + v] = total
      }
    const result = new Float64Array(height * width) // [u, v]
    for (let u = 0; u < height; u++)
      for (let y = 0; y < height; y++) {
        const weight = rows[u * height + y]!
        for (let v = 0; v < width; v++) result[u * width + v]! += weight * half[y * width + v]!
      }
    return result
  }
}
