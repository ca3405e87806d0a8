import { seedFrom, testParameterization, toyData } from '@haba/testing'
import { expect, it } from 'vitest'
import { fromNoise, pixels } from './pixels.js'
import { keyFrom } from './random/key.js'
import { storageOf } from './storage-report.js'
import { tensor } from './tree/host.js'

const options = { image: [3, 4, 2], classes: 3 } as const

testParameterization({ make: () => pixels({ ...options, perClass: 2 }) })
testParameterization({
  make: () => ({ ...pixels({ ...options, perClass: [1, 3, 2], start: fromNoise }), name: 'noise' }),
})

it('starts at real images of the right class', async () => {
  const real = toyData({ ...options, noise: 0 })
  const set = pixels({ ...options, perClass: [1, 2, 1] })
  const { images } = await set.init(keyFrom(1), seedFrom(real))
  const wanted = await real.images(Int32Array.from(set.layout.labels, (label) => real.labels.indexOf(label)))
  expect(images.dataSync()).toEqual(wanted.dataSync())
})

it('tells what it stores: four bytes a value, and how many slots each class has', async () => {
  const set = pixels({ ...options, perClass: 2 })
  const params = await set.init(keyFrom(1), seedFrom(toyData(options)))
  expect(storageOf(set, params)).toEqual({
    parts: [
      { name: 'images', floats: 144, bytes: 576 },
      { name: 'labels', floats: 0, bytes: 3 },
    ],
    floats: 144,
    bits: 4632,
    bytes: 579,
  })
})

it('starts at real images of more slots than a call takes arguments', async () => {
  const classes = 2
  const perClass = 150_000
  const set = pixels({ image: [1, 1, 1], classes, perClass })
  const real = {
    images: tensor(new Float32Array(classes * perClass), [classes * perClass, 1, 1, 1]),
    targets: tensor(new Float32Array(classes * perClass * classes), [classes * perClass, classes]),
  }
  const { images } = await set.init(keyFrom(1), () => Promise.resolve(real))
  expect(images.size).toBe(classes * perClass)
})
