import { HabaError, type Dataset, type RealSource } from '@haba/core'
import { readdir, stat } from 'node:fs/promises'
import { completeNamed } from '../config/named.js'
import type { Named } from '../config/config.js'
import { engines, defaultEngine } from '../plugins/engines.js'
import { mergeTables, type Tables } from '../plugins/tables.js'
import { progressOn, type Terminal } from '../tell/progress.js'
import { inPlace } from '../assemble/in-place.js'
import { readShown } from '../folder/read-run.js'
import { alignedLines } from '../tell/tables.js'

export interface DataCheckOptions {
  readonly allowPlugin?: readonly string[]
}

/** Images read at once. */
const batch = 64

/**
 * `haba data check`: reads every image of a configuration, a folder or an .npz file, and lists those that cannot be used.
 *
 * @throws HabaError if any cannot be used
 */
export async function dataCheckCommand(what: string, trust: DataCheckOptions, { out, err }: Terminal): Promise<void> {
  const progress = progressOn(err)
  const { data, tables, place } = await named(what, trust, progress.say)
  const { engine, close } = await engines[defaultEngine]!.make({}, {})
  try {
    let faults = 0
    const onFault = (text: string) => {
      faults++
      out.write(`${text}\n`)
    }
    const entry = tables.datasets[data.use]!
    const { use: _, ...options } = data
    // Preprocessing does not matter here, and whitening is slow.
    const plain = 'preprocessing' in entry.options.properties ? { ...options, preprocessing: 'none' } : options
    const set = await inPlace(place, () => entry.make(plain, { engine, onProgress: progress.pulse, onFault }))
    const skipped = faults
    for (const half of ['train', 'test'] as const)
      await readAll(set[half], onFault, (done, total) => progress.count(`reading ${half} images:`, done, total, ''))
    out.write(`${summary(set).join('\n')}\n`)
    if (faults > skipped)
      throw new HabaError(
        what,
        'images that are all usable',
        `${faults - skipped} that are not`,
        'They are listed above.',
      )
    out.write(skipped > 0 ? 'All other images are usable.\n' : 'All images are usable.\n')
  } finally {
    await close()
  }
}

async function named(
  what: string,
  trust: DataCheckOptions,
  say: (text: string) => void,
): Promise<{ data: Named; tables: Tables; place: { file: string; path: string } }> {
  const found = await stat(what).catch((cause: Error) => {
    throw new HabaError(
      'haba data check',
      'a configuration, a folder or an .npz file',
      cause.message,
      'Check the path.',
      {
        cause,
      },
    )
  })
  if (!found.isDirectory() && !what.endsWith('.npz')) {
    const { config, tables, file } = await readShown(what, trust, say)
    return { data: config.data, tables, place: { file, path: 'data' } }
  }
  const tables = mergeTables()
  const place = { file: what, path: '' }
  const value = found.isDirectory()
    ? (await readdir(what, { recursive: true })).some((file) => file.endsWith('.parquet'))
      ? { use: 'parquet', folder: what }
      : { use: 'image-folder', root: what }
    : { use: 'npz', file: what }
  return { data: completeNamed(place, value, tables.datasets, 'dataset', process.cwd()), tables, place }
}

/** Reads all images; those of a failing batch one by one. */
async function readAll(
  source: RealSource,
  onFault: (text: string) => void,
  onProgress: (done: number, total: number) => void,
): Promise<void> {
  const total = source.labels.length
  const read = async (start: number, count: number) =>
    (await source.images(Int32Array.from({ length: count }, (_, i) => start + i))).dispose()
  for (let start = 0; start < total; start += batch) {
    const count = Math.min(batch, total - start)
    const whole = await read(start, count).then(
      () => true,
      () => false,
    )
    for (let i = start; !whole && i < start + count; i++)
      await read(i, 1).catch((error: unknown) => onFault(error instanceof Error ? error.message : String(error)))
    onProgress(start + count, total)
  }
}

function summary(set: Dataset): readonly string[] {
  const rows = (['train', 'test'] as const).map((half) => {
    const counts = new Array<number>(set.classes).fill(0)
    for (const label of set[half].labels) counts[label]!++
    return [half, `${set[half].labels.length}`, `${Math.min(...counts)}`, `${Math.max(...counts)}`]
  })
  return [
    `${set.name}: images of ${set.image.join('×')} in ${set.classes} classes`,
    ...alignedLines([['half', 'images', 'smallest class', 'largest class'], ...rows], [0]),
    ...(set.warnings ?? []),
  ]
}
