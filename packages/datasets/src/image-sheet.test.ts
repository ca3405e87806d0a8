import type { ImageShape } from '@haba/core'
import { describe, expect, it } from 'vitest'
import { fromJpegSheet, toJpegSheet } from './image-sheet.js'

/** Smooth images, each brighter than the one before. */
const pictures = (count: number, [height, width, channels]: ImageShape) =>
  Uint8Array.from({ length: count * height * width * channels }, (_, i) => {
    const [image, x] = [Math.floor(i / (height * width * channels)), Math.floor(i / channels) % width]
    return 20 + 25 * image + 2 * x + 5 * (i % channels)
  })

describe('a sheet of images as JPEG', () => {
  it.each([
    [7, [28, 28, 1]],
    [1, [8, 5, 1]],
    [5, [32, 32, 3]],
  ] as const)('gives back %i images of %j, nearly', async (count, image) => {
    const pixels = pictures(count, image)
    const back = await fromJpegSheet(await toJpegSheet(pixels, image, 95), count, image)
    expect(back.length).toBe(pixels.length)
    const worst = pixels.reduce((most, value, i) => Math.max(most, Math.abs(value - back[i]!)), 0)
    expect(worst).toBeLessThan(image[2] === 3 ? 16 : 8)
  })

  it('takes fewer bytes at a lower quality, and the same bytes each time', async () => {
    const noisy = pictures(9, [28, 28, 1]).map((value, i) => value + ((i * 2654435761) % 64))
    const lengths = await Promise.all([90, 50, 10].map(async (q) => (await toJpegSheet(noisy, [28, 28, 1], q)).length))
    expect(lengths).toEqual([...lengths].sort((a, b) => b - a))
    expect(lengths[2]).toBeLessThan(lengths[0]! / 2)
    expect(await toJpegSheet(noisy, [28, 28, 1], 50)).toEqual(await toJpegSheet(noisy, [28, 28, 1], 50))
  })

  it('refuses what JPEG has no colors for', async () => {
    await expect(toJpegSheet(new Uint8Array(8), [2, 2, 2], 50)).rejects.toThrow(
      'JPEG: expected images of 1 or 3 channels, got 2.',
    )
  })
})
