import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import sharp from 'sharp'

/** A generated picture of one color, or gray. */
export interface Picture {
  readonly color: readonly [red: number, green: number, blue: number]
  /** @default 64 */
  readonly height?: number
  /** @default 64 */
  readonly width?: number
}

/** The bytes of a PNG. */
export const png = ({ color: [r, g, b], height = 64, width = 64 }: Picture): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 3, background: { r, g, b } } })
    .png()
    .toBuffer()

/** Writes a PNG under any name; readers recognize it by content. */
export async function draw(file: string, picture: Picture): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, await png(picture))
}
