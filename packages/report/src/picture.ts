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

/** One picture as a PNG file, ready to be put into a page. */
export interface Picture {
  /** In pixels. */
  readonly width: number
  /** In pixels. */
  readonly height: number
  readonly png: Uint8Array
}

/** Encodes raw bytes as a PNG, lossless and at their own size: enlarging is the page's work. */
export async function encodePicture({ width, height, rgb }: Pixels): Promise<Picture> {
  const raw = { width, height, channels: 3 } as const
  const png = await sharp(rgb, { raw }).png({ compressionLevel: 9 }).toBuffer()
  return { width, height, png }
}
