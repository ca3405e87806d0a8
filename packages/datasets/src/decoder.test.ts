import { readFile } from 'node:fs/promises'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { decoder, type Decoding } from './decoder.js'

/** The output of pillow.test-data.py: a file and its pixels, in base64. */
interface Case extends Pick<Decoding, 'background' | 'range'> {
  readonly file: string
  readonly shape: readonly [height: number, width: number]
  readonly rgb: string
  readonly gray: string
}
const cases = JSON.parse(await readFile(new URL('pillow.test-data.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, Case>
>
const valuesOf = (text: string) => [...Buffer.from(text, 'base64')]
const bytes = ({ file }: Case) => Buffer.from(file, 'base64')

const decode = async (file: Uint8Array, options: Partial<Decoding> = {}) =>
  (await decoder({ channels: 3, ...options }))(file)

describe('a file decodes to the pixels of Pillow', () => {
  it.each(Object.entries(cases))('%s', async (_, each) => {
    const { shape, rgb, gray, background, range } = each
    const color = await decode(bytes(each), { background, range })
    expect(color.image).toEqual([...shape, 3])
    expect([...color.data]).toEqual(valuesOf(rgb))
    const single = await decode(bytes(each), { background, range, channels: 1 })
    expect(single.image).toEqual([...shape, 1])
    expect([...single.data]).toEqual(valuesOf(gray))
  })
})

describe('the decoder', () => {
  it('turns no image where it is told not to', async () => {
    const turned = cases['orientation 6 PNG']!
    expect([...(await decode(bytes(turned), { orient: false })).data]).toEqual(valuesOf(cases['color PNG']!.rgb))
    expect((await decode(bytes(turned), { orient: false })).image).toEqual([4, 6, 3])
  })

  it('brings every kind to one size, after turning it', async () => {
    for (const [name, each] of Object.entries(cases)) {
      const { data, image } = await decode(bytes(each), { size: [3, 2], range: each.range })
      expect([name, image, data.length]).toEqual([name, [3, 2, 3], 18])
    }
    // Stored with red on the left and blue on the right; shown with red above blue.
    const halves = Buffer.from(
      Array.from({ length: 8 * 16 }, (_, i) => (i % 16 < 8 ? [255, 0, 0] : [0, 0, 255])).flat(),
    )
    const lying = await sharp(halves, { raw: { height: 8, width: 16, channels: 3 } })
      .withMetadata({ orientation: 6 })
      .png()
      .toBuffer()
    const { data } = await decode(lying, { size: [4, 2] })
    expect([...data.subarray(0, 6), ...data.subarray(-6)]).toEqual([255, 0, 0, 255, 0, 0, 0, 0, 255, 0, 0, 255])
  })

  it('resizes what the library reads by itself as it always did', async () => {
    const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const
    const jpeg = await sharp({ create: { width: 64, height: 48, channels: 3, background: '#888', noise } })
      .jpeg()
      .toBuffer()
    const before = await sharp(jpeg, { failOn: 'error' })
      .resize({ height: 7, width: 9, fit: 'fill', kernel: 'linear' })
      .removeAlpha()
      .toColorspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer()
    expect(Buffer.from((await decode(jpeg, { size: [7, 9] })).data)).toEqual(before)
  })

  const alpha = (color: (i: number) => readonly number[], background?: Decoding['background']) =>
    sharp(Buffer.from(Array.from({ length: 16 }, (_, i) => color(i)).flat()), {
      raw: { height: 4, width: 4, channels: 4 },
    })
      .png()
      .toBuffer()
      .then((file) => decode(file, { background }))
      .then(({ finding }) => finding)

  it('finds pictures that are in the alpha channel alone, or vanish', async () => {
    expect(await alpha((i) => [0, 0, 0, i < 8 ? 255 : 0])).toBe('alpha-alone')
    expect(await alpha((i) => (i < 8 ? [0, 0, 0, 255] : [9, 9, 9, 0]))).toBe('alpha-alone') // all visible pixels have one color
    expect(await alpha((i) => [255, 255, 255, i < 8 ? 255 : 0])).toBe('blank')
    expect(await alpha((i) => [255, 255, 255, i < 8 ? 255 : 0], [0, 0, 0])).toBe('alpha-alone')
    expect(await alpha((i) => [i, i, i, 0])).toBe('blank')
    expect(await alpha((i) => [9 * i, 0, 0, i < 8 ? 255 : 0])).toBeUndefined()
    expect(await alpha((i) => [9 * i, 0, 0, 255])).toBeUndefined()
    expect(await alpha(() => [9, 9, 9, 255])).toBeUndefined() // no finding
  })

  it('finds 16 bits of which twelve are used', async () => {
    const twelve = cases['12 bits of 16 TIFF']!
    expect((await decode(bytes(twelve))).finding).toBe('dim')
    expect((await decode(bytes(twelve), { range: [0, 4095] })).finding).toBeUndefined()
    expect((await decode(bytes(cases['16 bit color TIFF']!))).finding).toBeUndefined()
  })

  it.each([
    ['float gray TIFF with a range', {}, /^has floats from -\d+\.\d+ to \d+\.\d+, not from 0 to 1: set `range`/],
    ['32 bit gray TIFF with a range', {}, /^has values of type uint: set `range` to the values of black and white/],
  ])('refuses values whose meaning it cannot know: %s', async (name, options, message) => {
    await expect(decode(bytes(cases[name]!), options)).rejects.toThrow(message)
  })

  it('refuses what is no image, and a BMP that is cut', async () => {
    await expect(decode(Buffer.from('not a picture'))).rejects.toThrow(
      /^is not an image, or its format is not supported$/,
    )
    await expect(decode(bytes(cases['color BMP']!).subarray(0, -9))).rejects.toThrow(/^is a damaged BMP/)
    await expect(decode(Buffer.from('BM'))).rejects.toThrow(/^is a damaged BMP/)
  })
})
