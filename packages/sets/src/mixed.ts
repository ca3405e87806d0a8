import { countClasses, disposeTree, sizeOf, tensor, type Start } from '@haba/core'

/** Where the cells of a grid lie along a side: `[from, to)` for each, and the length that an image is shrunk to. */
export type Cells = (length: number, factor: number) => readonly { from: number; to: number; size: number }[]

/** The cells that the decoder enlarges: all `⌈length/factor⌉` long; what sticks out of the image is cut off. */
export const decodedCells: Cells = (length, factor) => {
  const size = Math.ceil(length / factor)
  return Array.from({ length: factor }, (_, i) => ({
    from: Math.min(i * size, length),
    to: Math.min((i + 1) * size, length),
    size,
  }))
}

/**
 * The released code's cells: `⌊length/factor⌋` long, the first ones by 1 longer. They miss what the decoder enlarges where
 * the remainder is neither 0 nor `factor - 1`, such as 28 by 3.
 */
export const releasedCells: Cells = (length, factor) => {
  const [short, longer] = [Math.floor(length / factor), length % factor]
  let from = 0
  return Array.from({ length: factor }, (_, i) => {
    const size = short + (i < longer ? 1 : 0)
    from += size
    return { from: from - size, to: from, size }
  })
}

/**
 * Starts each cell at a real image of the class, shrunk to its size by nearest neighbors (IDC's `mix`).
 *
 * @param cells `releasedCells` made the published numbers; the same for 32 by 2 and 224 by 3 @default decodedCells
 */
export const mixed =
  (factor: number, cells: Cells = decodedCells): Start =>
  async (_, shape, labels, seed) => {
    const [slots, height, width, channels] = shape
    const each = factor * factor
    const perClass = Math.max(...countClasses(labels))
    const batch = await seed(perClass * each)
    const real = await batch.images.data<'float32'>()
    disposeTree(batch)
    const result = new Float32Array(sizeOf(shape))
    const [rows, columns] = [cells(height, factor), cells(width, factor)]
    const used = new Map<number, number>()
    for (let slot = 0; slot < slots; slot++) {
      const label = labels[slot]!
      const nth = used.get(label) ?? 0
      used.set(label, nth + 1)
      rows.forEach((row, i) =>
        columns.forEach((column, j) => {
          // As released: a cell takes consecutive images for the slots of a class.
          const image = label * perClass * each + (i * factor + j) * perClass + nth
          for (let y = row.from; y < row.to; y++)
            for (let x = column.from; x < column.to; x++) {
              const fromY = Math.floor(((y - row.from) * height) / row.size)
              const fromX = Math.floor(((x - column.from) * width) / column.size)
              const at = ((image * height + fromY) * width + fromX) * channels
              result.set(real.subarray(at, at + channels), ((slot * height + y) * width + x) * channels)
            }
        }),
      )
    }
    return tensor(result, shape)
  }
