import { testDataset } from '@haba/testing'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { parquet } from './parquet.js'
import { png, type Picture } from './pictures.test-data.js'

const made: string[] = []
let folder: string
afterAll(() => Promise.all(made.map((each) => rm(each, { recursive: true }))))

type Row = Omit<Picture, 'color'> & {
  readonly red: number
  readonly label: number | string
  readonly bytes?: Uint8Array | null
}

interface Shape {
  /** A column of `{ bytes, path }`, or of bytes alone. @default true */
  readonly struct?: boolean
  readonly names?: readonly string[]
}

/** Writes a file as Hugging Face hosts it: structures of bytes and path, int64 labels, and class names as JSON metadata. */
async function write(file: string, rows: readonly Row[], { struct = true, names }: Shape = {}): Promise<string> {
  const drawn = rows.map(async ({ red, height = 6, width = 5, bytes }) =>
    bytes === undefined ? new Uint8Array(await png({ color: [red, 0, 0], height, width })) : bytes,
  )
  const bytes = await Promise.all(drawn)
  const data = struct ? bytes.map((each, i) => ({ bytes: each, path: `${i}.png` })) : bytes
  const text = rows.some(({ label }) => typeof label === 'string')
  const labels = rows.map(({ label }) => (text ? label : BigInt(label)))
  const features = { label: { names, _type: 'ClassLabel' }, image: { _type: 'Image' } }
  const buffer = parquetWriteBuffer({
    columnData: [
      { name: 'image', data },
      { name: 'label', data: labels },
    ],
    schema: [
      { name: 'root', num_children: 2 },
      ...(struct
        ? ([
            { name: 'image', num_children: 2, repetition_type: 'OPTIONAL' },
            { name: 'bytes', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL' },
            { name: 'path', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
          ] as const)
        : ([{ name: 'image', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL' }] as const)),
      text
        ? { name: 'label', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' }
        : { name: 'label', type: 'INT64', repetition_type: 'OPTIONAL' },
    ],
    rowGroupSize: 2,
    ...(names && { kvMetadata: [{ key: 'huggingface', value: JSON.stringify({ info: { features } }) }] }),
  })
  await mkdir(dirname(join(folder, file)), { recursive: true })
  await writeFile(join(folder, file), new Uint8Array(buffer))
  return join(folder, file)
}

const names = ['cat', 'owl', 'fox']
async function makeFolder(): Promise<string> {
  folder = await mkdtemp(join(tmpdir(), 'haba-parquet-'))
  made.push(folder)
  const rows = [0, 1, 2, 1, 0].map((label, i) => ({ red: 10 * i, label }))
  await write('data/train-00000-of-00002.parquet', rows, { names })
  await write('data/train-00001-of-00002.parquet', [{ red: 99, label: 2 }], { names })
  const test = [
    { red: 200, label: 2 },
    { red: 201, label: 0 },
  ]
  await write('data/test-00000-of-00001.parquet', test, { names })
  return folder
}
beforeEach(makeFolder)

const reds = async (data: Awaited<ReturnType<typeof parquet>>, half: 'train' | 'test') => {
  const values = await data[half].images(Int32Array.from(data[half].labels, (_, i) => i))
  const size = data.image.reduce((a, b) => a * b)
  return Array.from(data[half].labels, (_, i) => Math.round(values.dataSync()[i * size]! * 255))
}

testDataset({
  name: 'parquet',
  make: async () => parquet({ folder: await makeFolder() }),
  sizes: { train: 6, test: 2 },
})

describe('parquet', () => {
  it('reads shards and row groups in order, and class names from the file', async () => {
    const seen: unknown[] = []
    const data = await parquet({ folder, name: 'pets', onProgress: (progress) => seen.push(progress) })
    expect(data).toMatchObject({ name: 'pets', image: [6, 5, 3], classNames: names })
    expect(data.train.labels).toEqual(Int32Array.of(0, 1, 2, 1, 0, 2))
    expect(await reds(data, 'train')).toEqual([0, 10, 20, 30, 40, 99])
    expect(await reds(data, 'test')).toEqual([200, 201])
    expect(seen[0]).toEqual({ half: 'train', done: 2, total: 6 })
    expect(seen.at(-1)).toEqual({ half: 'test', done: 2, total: 2 })
  })

  it('takes files, columns of bytes, names as labels, and sizes', async () => {
    const train = await write(
      'a.parquet',
      [
        { red: 1, label: 'owl' },
        { red: 2, label: 'cat', width: 9 },
      ],
      { struct: false },
    )
    const test = await write('b.parquet', [{ red: 3, label: 'owl' }], { struct: false })
    const data = await parquet({ train: [train], test: [test], size: [4, 4], channels: 1 })
    expect(data).toMatchObject({ name: 'parquet', image: [4, 4, 1], classNames: ['cat', 'owl'] })
    expect(data.train.labels).toEqual(Int32Array.of(1, 0))
    const given = await parquet({ train: [train], test: [test], size: [4, 4], classNames: ['owl', 'cat'] })
    expect(given.train.labels).toEqual(Int32Array.of(0, 1))
    await expect(parquet({ train: [test], test: [train], size: [4, 4] })).rejects.toThrow(
      /parquet, test, column 'label': expected one of 1 class names, got 'cat'/,
    )
  })

  it('takes the folders of converted data sets, and val for test', async () => {
    await rm(join(folder, 'data'), { recursive: true })
    await write('default/train/0000.parquet', [{ red: 5, label: 1 }])
    await write('default/validation/0000.parquet', [{ red: 6, label: 0 }])
    const data = await parquet({ folder })
    expect([await reds(data, 'train'), await reds(data, 'test')]).toEqual([[5], [6]])
    expect(data.classNames).toEqual(['0', '1'])
  })

  it('names the file and row where something is wrong', async () => {
    const file = join(folder, 'data/test-00000-of-00001.parquet')
    const whole = await readFile(file)
    await write('data/test-00000-of-00001.parquet', [
      { red: 1, label: 0 },
      { red: 2, label: 0 },
      { red: 3, label: 0, width: 7 },
    ])
    await expect(parquet({ folder })).rejects.toThrow(
      /test-00000.*: expected images of 6×5 as in training, .* got 1 of another size: .*, row 2 \(is 6×7\)\. Set `size`/,
    )
    await write('data/test-00000-of-00001.parquet', [{ red: 1, label: 0, bytes: Uint8Array.of(1, 2, 3) }])
    await expect(parquet({ folder })).rejects.toThrow(
      /expected readable images, got 1 of 1 unreadable: .*, row 0 \(is not an image/,
    )
    await write('data/test-00000-of-00001.parquet', [{ red: 1, label: 0, bytes: null }])
    await expect(parquet({ folder })).rejects.toThrow(/got 1 of 1 unreadable: .*, row 0 \(is empty\)/)
    await write('data/test-00000-of-00001.parquet', [{ red: 1, label: 3 }])
    await expect(parquet({ folder })).rejects.toThrow(/test, column 'label': expected labels 0 … 2, got 3/)
    await writeFile(file, whole.subarray(0, whole.length - 20))
    await expect(parquet({ folder })).rejects.toThrow(/test-00000.*: expected an intact parquet file, got/)
  })

  it('says which files or columns are missing', async () => {
    await expect(parquet({ folder, labelColumn: 'species' })).rejects.toThrow(
      /train-00000.*: expected a column 'species', got image, label\. Set imageColumn/,
    )
    await expect(parquet({})).rejects.toThrow(/expected folder, or train and test, got neither/)
    await expect(parquet({ folder: join(folder, 'none') })).rejects.toThrow(/none: expected a folder of parquet files/)
    await rm(join(folder, 'data/test-00000-of-00001.parquet'))
    await expect(parquet({ folder })).rejects.toThrow(
      /files or folders named test… or val…, got 2 parquet files: data\/train\. .*`testSplit`.*`testFraction`/,
    )
    await expect(parquet({ folder, test: [join(folder, 'x.parquet')] })).rejects.toThrow(
      /x\.parquet: expected an intact/,
    )
  })

  it('brings labels together by name where files name their classes in another order', async () => {
    await rm(join(folder, 'data'), { recursive: true })
    await write(
      'train-0.parquet',
      [
        { red: 1, label: 0 },
        { red: 2, label: 1 },
      ],
      { names: ['cat', 'owl'] },
    )
    await write(
      'train-1.parquet',
      [
        { red: 3, label: 0 },
        { red: 4, label: 1 },
      ],
      { names: ['owl', 'fox'] },
    )
    await write(
      'test-0.parquet',
      [
        { red: 5, label: 0 },
        { red: 6, label: 2 },
      ],
      { names: ['fox', 'owl', 'cat'] },
    )
    const data = await parquet({ folder, onWarning: () => {} })
    expect(data.classNames).toEqual(['cat', 'owl', 'fox'])
    expect([...data.train.labels]).toEqual([0, 1, 1, 2])
    expect([...data.test.labels]).toEqual([2, 0])
    expect(data.warnings).toEqual(['test: no images of 1 of 3 classes: owl.'])
    await write('test-0.parquet', [{ red: 5, label: 1 }], { names: ['fox', 'dog'] })
    await expect(parquet({ folder })).rejects.toThrow(
      /test-0\.parquet: expected classes of the training files.*also 'dog'/,
    )
  })

  it('takes splits by name, and holds test images out', async () => {
    await write('data/validation-00000-of-00001.parquet', [{ red: 77, label: 1 }], { names })
    await write('data/train_extra-0.parquet', [{ red: 88, label: 1 }], { names })
    const quiet = { folder, onWarning: () => {} }
    const chosen = await parquet({ ...quiet, trainSplit: 'train', testSplit: 'validation' })
    expect(await reds(chosen, 'train')).toEqual([0, 10, 20, 30, 40, 99])
    expect(await reds(chosen, 'test')).toEqual([77])
    await expect(parquet({ folder, testSplit: 'dev' })).rejects.toThrow(
      /files or folders named dev, got 5 parquet files: data.test, data.train, data.train_extra, data.validation\. Set/,
    )
    const held = await parquet({ ...quiet, trainSplit: 'train', testFraction: 0.5, testSeed: 3 })
    expect([...held.test.labels].sort()).toEqual([0, 1, 2])
    expect([...(await reds(held, 'train')), ...(await reds(held, 'test'))].sort((a, b) => a - b)).toEqual([
      0, 10, 20, 30, 40, 99,
    ])
  })

  it('decodes as folders do, and skips what cannot be read', async () => {
    const lying = await sharp({ create: { width: 6, height: 5, channels: 3, background: '#fff' } })
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer()
    const clear = await sharp({ create: { width: 5, height: 6, channels: 4, background: '#0000' } })
      .png()
      .toBuffer()
    const broken = { red: 0, label: 0, bytes: Uint8Array.of(1, 2, 3) }
    const rows = [
      broken,
      { red: 0, label: 0, bytes: lying },
      { red: 0, label: 2, bytes: clear },
      { ...broken, bytes: null },
    ]
    await write('data/test-00000-of-00001.parquet', rows, { names })
    const data = await parquet({ folder, skipCorrupt: true, background: [200, 0, 0], onWarning: () => {} })
    expect([...data.test.labels]).toEqual([0, 2])
    expect(await reds(data, 'test')).toEqual([255, 200])
    expect(data.warnings).toEqual([
      expect.stringMatching(
        /^test: 2 of 4 images .* skipped: test-00000-of-00001\.parquet, row 0 \(is no.*row 3 \(is empty\)/,
      ),
      expect.stringMatching(/^test: 1 of 4 images have a single color .*, row 2\.$/),
      'test: no images of 1 of 3 classes: owl.',
    ])
  })

  it('names the size of most rows', async () => {
    const sizes = [7, 5, 5].map((width) => ({ red: 1, label: 0, width }))
    const train = [await write('sizes.parquet', sizes)]
    await expect(parquet({ train, test: train })).rejects.toThrow(
      /sizes.parquet: expected images of 6×5, the size of 2 of 3, got 1 of another size: .*row 0 \(is 6×7\)/,
    )
  })
})
