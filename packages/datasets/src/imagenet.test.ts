import { testDataset } from '@haba/testing'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { identity } from './identity.js'
import { imageNet } from './imagenet.js'
import { imagefruit, imagemeow, imagenette, imagesquawk, imagewoof, imageyellow } from './imagenet-subsets.js'
import { draw } from './pictures.test-data.js'
import { smooth } from './resize.js'

const subsets = [imagenette, imagewoof, imagemeow, imagesquawk, imagefruit, imageyellow]

/** Imagewoof's ten classes, each in a different gray, among other classes. */
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haba-imagenet-'))
  for (const [i, { wnid }] of imagewoof.classes.entries()) {
    await draw(join(folder, 'train', wnid, 'a.JPEG'), { color: [i, i, i], height: 20, width: 30 })
    if (i !== 4) await draw(join(folder, 'val', wnid, 'b.JPEG'), { color: [100 + i, 0, 0], height: 9, width: 7 })
  }
  await draw(join(folder, 'train/n01440764/c.JPEG'), { color: [200, 0, 0] })
  await draw(join(folder, 'val/n01440764/d.JPEG'), { color: [201, 0, 0] })
})
afterAll(() => rm(folder, { recursive: true }))

const reds = async (data: Awaited<ReturnType<typeof imageNet>>, half: 'train' | 'test') => {
  const values = await data[half].images(Int32Array.from(data[half].labels, (_, i) => i))
  const size = data.image.reduce((a, b) => a * b)
  return Array.from(data[half].labels, (_, i) => Math.round(values.dataSync()[i * size]! * 255))
}

testDataset({
  name: 'imagewoof',
  make: () => imageNet({ folder, subset: imagewoof, size: [16, 16] }),
  sizes: { train: 10, test: 9 },
})

describe('subsets of ImageNet', () => {
  it('have ten classes each; ids are in the order of the 1000', () => {
    const all = new Map(subsets.flatMap(({ classes }) => classes).map((each) => [each.index, each.wnid]))
    for (const { classes } of subsets) expect(new Set(classes.map(({ wnid }) => wnid)).size).toBe(10)
    const byIndex = [...all].sort(([a], [b]) => a - b).map(([, wnid]) => wnid)
    expect(byIndex).toEqual([...byIndex].sort())
    expect(all.size).toBe(57) // lemon, lion and banana are in two of the six
  })

  it('take labels from the order of the subset, not of the folders', async () => {
    const data = await imageNet({ folder, subset: imagewoof, preprocessing: identity() })
    expect(data).toMatchObject({ name: 'imagewoof', image: [128, 128, 3], classes: 10 })
    expect(data.classNames[3]).toBe('beagle')
    expect(data.train.labels).toEqual(Int32Array.from({ length: 10 }, (_, i) => i))
    expect(await reds(data, 'train')).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(await reds(data, 'test')).toEqual([100, 101, 102, 103, 105, 106, 107, 108, 109])
  })

  it('name a class that has no images', async () => {
    await expect(imageNet({ folder, subset: imagenette })).rejects.toThrow(
      /train.n02102040: expected at least one image, got none\. Put the images of this class here/,
    )
  })
})

describe('imageNet', () => {
  it('takes all folders in the order of their ids', async () => {
    const data = await imageNet({ folder, size: [4, 6], resize: smooth, preprocessing: identity() })
    expect(data).toMatchObject({ name: 'imagenet', image: [4, 6, 3], classes: 11 })
    expect(data.classNames[0]).toBe('n01440764')
    expect((await reds(data, 'train'))[0]).toBe(200)
  })

  it('says what is wrong', async () => {
    await expect(imageNet({ folder: join(folder, 'none') })).rejects.toThrow(/none.train: expected a folder with one/)
    await expect(imageNet({ folder, size: [0, 1] })).rejects.toThrow(/size \[height, width\] in pixels, got \[0,1\]/)
    await expect(imageNet({ folder, cacheBytes: 0.5 })).rejects.toThrow(/cacheBytes of 0 or more, got 0.5/)
    await mkdir(join(folder, 'bare/train/n1'), { recursive: true })
    await expect(imageNet({ folder: join(folder, 'bare') })).rejects.toThrow(/train.n1: expected at least one image/)
  })
})
