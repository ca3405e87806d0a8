import '@tensorflow/tfjs-backend-cpu'
import { directEngine, type DatasetContext, type Preprocessing } from '@haba/core'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { identity } from './identity.js'
import { imagewoof } from './imagenet-subsets.js'
import { draw } from './pictures.test-data.js'
import { plugin } from './plugin.js'

let folder: string
let context: DatasetContext
beforeAll(async () => {
  context = { engine: await directEngine({ backend: 'cpu' }) }
  folder = await mkdtemp(join(tmpdir(), 'haba-plugin-'))
  for (const [i, { wnid }] of imagewoof.classes.entries())
    for (const half of ['train', 'val'])
      await draw(join(folder, half, wnid, '1.png'), { color: [i, i, i], height: 4, width: 4 })
})
afterAll(() => rm(folder, { recursive: true }))

/** Makes an entry with its defaults, as the command line does. */
function make(name: string, given: Readonly<Record<string, unknown>>) {
  const entry = plugin.datasets![name]!
  const properties: Readonly<Record<string, { readonly default?: unknown }>> = entry.options.properties
  const defaults = Object.entries(properties).flatMap(([key, { default: value }]) =>
    value === undefined ? [] : [[key, value] as const],
  )
  return Promise.resolve(entry.make({ ...Object.fromEntries(defaults), ...given }, context))
}

describe('names for configuration files', () => {
  it('have svhn, tiny-imagenet, imagenet, its subsets and parquet', () => {
    expect(Object.keys(plugin.datasets!)).toEqual(
      expect.arrayContaining(['svhn', 'tiny-imagenet', 'imagenet', 'imagenet-subset', 'parquet', 'image-folder']),
    )
  })

  it('make what they name, by their defaults', async () => {
    const data = await make('imagenet-subset', { folder, subset: 'imagewoof' })
    expect(data).toMatchObject({ name: 'imagewoof', image: [128, 128, 3], classes: 10 })
    expect(data.preprocessing.settings).toMatchObject({ mean: [0.485, 0.456, 0.406] })
    const plain = await make('imagenet', { folder, size: [4, 4], preprocessing: 'none', resize: 'smooth' })
    expect(plain).toMatchObject({ name: 'imagenet', image: [4, 4, 3], preprocessing: { name: 'identity' } })
  })

  it.each([
    ['imagenet', { size: [4, 4] }],
    ['mnist', { preprocessing: 'zca', folder: undefined }],
  ])('use the preprocessing of a set instead of their own: %s', async (name, options) => {
    const preprocessing: Preprocessing = { ...identity(), name: "a set's" }
    const made = plugin.datasets![name]!.make(
      { epsilon: 0.1, cacheBytes: 0, folder, ...options },
      { ...context, preprocessing },
    )
    await expect(Promise.resolve(made).then((data) => data.preprocessing)).resolves.toBe(preprocessing)
  })

  describe('without a folder', () => {
    const before = process.env.HABA_DATA
    afterEach(() => {
      if (before === undefined) delete process.env.HABA_DATA
      else process.env.HABA_DATA = before
    })

    it.each([
      ['fashion-mnist', /fashion-mnist: expected train-images.*haba data get fashion-mnist/],
      ['cifar10', /cifar-10-batches-bin.*haba data get cifar10/],
      ['cifar100', /cifar-100-binary.*haba data get cifar100/],
      ['svhn', /train_32x32\.mat.*haba data get svhn/],
      ['tiny-imagenet', /tiny-imagenet-200.*haba data get tiny-imagenet/],
    ])('look where `haba data get %s` puts files, and say so', async (name, message) => {
      process.env.HABA_DATA = join(folder, 'nothing')
      await expect(make(name, {})).rejects.toThrow(message)
    })
  })
})
