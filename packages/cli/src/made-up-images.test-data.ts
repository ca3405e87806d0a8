import { encodePicture } from '@haba/report'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { foldIn, keyFrom, uniform } from '@haba/core'

/** Writes PNGs of 8 × 8 pixels, `NAME/0.png` …, each class around a color of its own. */
export async function drawClasses(
  folder: string,
  perClass: Readonly<Record<string, number>>,
  { seed = 1, from = 0 }: { readonly seed?: number; readonly from?: number } = {},
): Promise<void> {
  for (const [i, [name, count]] of Object.entries(perClass).entries()) {
    await mkdir(join(folder, name), { recursive: true })
    for (let n = from; n < from + count; n++) {
      const noise = uniform(foldIn(foldIn(keyFrom(seed), name), n), 192)
      const rgb = Uint8Array.from(noise, (value, at) => Math.round(100 * value + (at % 3 === i % 3 ? 150 : 0)))
      await writeFile(join(folder, name, `${n}.png`), (await encodePicture({ width: 8, height: 8, rgb })).png)
    }
  }
}
