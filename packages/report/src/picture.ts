import sharp from 'sharp'

/** One picture as raw bytes. */
export interface Pixels {
  /** In pixels. */
  readonly width: number
  /** In pixels. */
  readonly height: number
  /** `[height × width × 3]`, red, green and blue, row-major. */
  readonly rgb: Uint8Array
}

/** One picture as a PNG file, for a page. */
export interface Picture {
  /** In pixels. */
  readonly width: number
  /** In pixels. */
  readonly height: number
  readonly png: Uint8Array
}

/** Encodes raw bytes as a lossless PNG of the same size; the page enlarges it. */
export async function encodePicture({ width, height, rgb }: Pixels): Promise<Picture> {
  const raw = { width, height, channels: 3 } as const
  const png = await sharp(rgb, { raw }).png({ compressionLevel: 9 }).toBuffer()
  return { width, height, png }
}
