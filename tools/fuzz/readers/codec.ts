import { readFile } from 'node:fs/promises'
import { foldIn, keyFrom, normal, tensor } from '@haba/core'
import { decodeTensors, encodeTensors } from '@haba/codec'
import { anyBytes } from '../mutate-bytes.js'
import type { Reader } from '../reader.js'

const key = keyFrom(7)
const values = (name: string, size: number) => Float32Array.from(normal(foldIn(key, name), size))

/** What each kind of stored tensor looks like. */
function stored(): readonly Uint8Array[] {
  const image = tensor(values('image', 2 * 8 * 8 * 3), [2, 8, 8, 3])
  const few = tensor(values('few', 3), [3])
  const whole = tensor(
    Int32Array.from({ length: 60 }, (_, i) => (i * 7) % 11),
    [60],
  )
  const levels = encodeTensors(new Map([['image', image]]), { bits: 4, patch: 2, groups: 3 })
  const own = encodeTensors(new Map([['image', image]]), { bits: 2, patch: 4, groups: 0 })
  const waves = encodeTensors(new Map([['image', image]]), { transform: 'dct', block: 4, step: 0.5, bytes: 4000 })
  const halves = encodeTensors(new Map([['few', few]]), { bits: 16 })
  const integers = encodeTensors(new Map([['whole', whole]]), {})
  return [levels, own, waves, halves, integers].flatMap((one) =>
    [...one.stored.values()].filter((piece): piece is Uint8Array => piece instanceof Uint8Array),
  )
}

export const codecReader: Reader = {
  name: 'codec',
  open: async () => ({
    seeds: stored().map((bytes) => ({ file: 'coded.bin', bytes, mutations: [anyBytes] })),
    read: async (file) => decodeTensors(new Map([['images', new Uint8Array(await readFile(file))]]), file),
    // A byte of arithmetic code holds 11,400 bits at most; a value of one bit takes up to 256 bytes while it is read.
    multiple: 11_400 * 256,
    besides: 2 ** 25,
  }),
}
