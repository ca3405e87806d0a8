import { testDataset } from '@haba/testing'
import { mkdtemp, rename, rm, writeFile, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { identity } from './identity.js'
import { draw } from './pictures.test-data.js'
import { tinyImageNet } from './tiny-imagenet.js'

const made: string[] = []
let folder: string
afterAll(() => Promise.all(made.map((each) => rm(each, { recursive: true }))))

async function makeSet(): Promise<string> {
  const at = await mkdtemp(join(tmpdir(), 'haba-tiny-'))
  made.push(at)
  await draw(join(at, 'train/n02/images/n02_0.JPEG'), { color: [1, 2, 3] })
  await draw(join(at, 'train/n02/images/n02_1.JPEG'), { color: [4, 5, 6] })
  await draw(join(at, 'train/n01/images/n01_0.JPEG'), { color: [7, 8, 9] })
  await draw(join(at, 'train/n03/images/n03_0.JPEG'), { color: [8, 8, 9] })
  await writeFile(join(at, 'train/n01/n01_boxes.txt'), 'n01_0.JPEG\t0\t0\t62\t62\n')
  await draw(join(at, 'val/images/val_0.JPEG'), { color: [10, 20, 30] })
  await draw(join(at, 'val/images/val_1.JPEG'), { color: [40, 50, 60] })
  await writeFile(join(at, 'val/val_annotations.txt'), 'val_0.JPEG\tn02\t0\t0\t9\t9\nval_1.JPEG\tn01\t0\t0\t9\t9\n')
  await writeFile(
    join(at, 'words.txt'),
    'n00\tentity\nn01\tcrane, bird\nn02\tgoldfish, Carassius auratus\nn03\tcrane\n',
  )
  return at
}
beforeEach(async () => {
  folder = await makeSet()
})

/** The first pixel of an image of `[64, 64, 3]`. */
async function color(data: Awaited<ReturnType<typeof tinyImageNet>>, half: 'train' | 'test', index: number) {
  const values = (await data[half].images(Int32Array.of(index))).dataSync()
  return Array.from(values.subarray(0, 3), (value) => Math.round(value * 255))
}

testDataset({
  name: 'tiny-imagenet',
  make: async () => tinyImageNet({ folder: await makeSet() }),
  sizes: { train: 4, test: 2 },
})

describe('tinyImageNet', () => {
  it('numbers classes in the order of their ids, and reads the annotations of the validation half', async () => {
    const data = await tinyImageNet({ folder, preprocessing: identity() })
    expect(data).toMatchObject({ name: 'tiny-imagenet', image: [64, 64, 3], classes: 3 })
    expect(data.classNames).toEqual(['crane n01', 'goldfish', 'crane n03'])
    expect(data.train.labels).toEqual(Int32Array.of(0, 1, 1, 2))
    expect(data.test.labels).toEqual(Int32Array.of(1, 0))
    expect(await color(data, 'train', 2)).toEqual([4, 5, 6])
    expect(await color(data, 'test', 1)).toEqual([40, 50, 60])
  })

  it("standardizes by ImageNet's constants", async () => {
    const data = await tinyImageNet({ folder })
    const [first] = (await data.train.images(Int32Array.of(0))).dataSync()
    expect(first).toBeCloseTo((7 / 255 - 0.485) / 0.229, 5)
  })

  it('reads a validation half that was sorted into folders', async () => {
    for (const [name, wnid] of [
      ['val_0.JPEG', 'n02'],
      ['val_1.JPEG', 'n01'],
    ] as const) {
      await mkdir(join(folder, 'val/images', wnid))
      await rename(join(folder, 'val/images', name), join(folder, 'val/images', wnid, name))
    }
    const data = await tinyImageNet({ folder, preprocessing: identity() })
    expect(data.test.labels).toEqual(Int32Array.of(0, 1))
    expect(await color(data, 'test', 0)).toEqual([40, 50, 60])
  })

  it('names an image of another size when it is read', async () => {
    await draw(join(folder, 'train/n02/images/n02_1.JPEG'), { color: [0, 0, 0], width: 32 })
    const data = await tinyImageNet({ folder })
    await expect(data.train.images(Int32Array.of(0, 2))).rejects.toThrow(
      /n02_1\.JPEG: expected an image of 64×64, got 64×32/,
    )
    await expect(data.train.images(Int32Array.of(0, 1))).resolves.toBeDefined()
  })

  it('says what is wrong', async () => {
    await expect(tinyImageNet({ folder: join(folder, 'none') })).rejects.toThrow(
      /none: expected the folders train and val.*haba data get tiny-imagenet/,
    )
    await writeFile(join(folder, 'val/val_annotations.txt'), 'val_0.JPEG\tn09\n')
    await expect(tinyImageNet({ folder })).rejects.toThrow(
      /annotations.txt, line 1: expected a class of training, got 'n09'/,
    )
    await writeFile(join(folder, 'val/val_annotations.txt'), 'val_7.JPEG\tn01\n')
    await expect(tinyImageNet({ folder })).rejects.toThrow(
      /val_annotations.txt, line \d: expected an image .*val_7.JPEG, got none/,
    )
    await writeFile(join(folder, 'val/val_annotations.txt'), '')
    await expect(tinyImageNet({ folder })).rejects.toThrow(/expected a line per image, got none/)
    await rm(join(folder, 'val'), { recursive: true })
    await expect(tinyImageNet({ folder })).rejects.toThrow(/val.images: expected a folder of images/)
    await expect(tinyImageNet({ folder, cacheBytes: -1 })).rejects.toThrow()
  })
})
