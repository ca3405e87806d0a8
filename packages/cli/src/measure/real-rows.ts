import { selectionNames, selections } from '../plugins/selections.js'
import { chooser, randomImages } from './chosen-images.js'
import { measureRandom, measureReal } from './evaluate-rows.js'
import { jpegQuality } from './jpeg-quality.js'
import { keptIn } from '../folder/kept-choices.js'
import { keyFor } from '../assemble/parts.js'
import type { Row } from '../folder/result.js'
import { measureOf, row, type Rows } from './run-rows.js'
import type { Run } from '../folder/run.js'
import {
  limitNote,
  storageOf,
  storeAsBytes,
  storeAsJpeg,
  type ChooseImages,
  type StoredImages,
} from './stored-images.js'

/** Stores as many of the chosen images as fit. */
type Store = (choose: ChooseImages) => Promise<StoredImages | undefined>

/** Adds rows of real images that fit into the set's bytes, as uint8 and as JPEG. */
export async function addRealRows(run: Run, bytes: number, rows: Rows): Promise<void> {
  const { folder, parts } = run
  const { data, key } = parts
  const { compare } = parts.read.config
  const chosen = selectionNames.filter((name) => compare[name])
  if (!compare.random && chosen.length === 0) return
  const measure = await measureOf(run)
  const choose = keptIn(folder, chooser(compare.selection, compare.forgetting))
  const epochs = `${compare.selection.epochs} epoch${compare.selection.epochs === 1 ? '' : 's'}`
  const both = async (
    id: 'random' | (typeof chosen)[number],
    title: string,
    measured: (store: Store, name: string) => Promise<Omit<Row, 'id'> | undefined>,
  ) => {
    await rows.add(id, undefined, () => measured((one) => storeAsBytes(data, bytes, one), `${title} (uint8)`), bytes)
    const quality = await jpegQuality({ folder, measure, bytes, qualities: compare.qualities })
    if (quality === undefined) return
    const name = `${title} (JPEG q=${quality})`
    await rows.add(`${id}Jpeg`, undefined, () => measured((one) => storeAsJpeg(data, bytes, quality, one), name), bytes)
  }
  if (compare.random)
    await both('random', 'random', async (store, name) => {
      const drawn = (network: number) =>
        store(async (perClass) => randomImages(data.train, perClass, keyFor(key, 'random'), network))
      const first = await drawn(0)
      if (!first) return undefined
      const accuracy = await measureRandom(async (i) => (i === 0 ? first : ((await drawn(i)) ?? first)), measure, name)
      return row(
        name,
        accuracy,
        storageOf(first),
        `${first.indices.length} images${limitNote(first)}, drawn for each network`,
      )
    })
  for (const name of chosen)
    await both(name, selections[name].title, async (store, title) => {
      const stored = await store((perClass) => choose(name, perClass, measure))
      if (!stored) return undefined
      const accuracy = await measureReal(stored.source, measure, title)
      return row(
        title,
        accuracy,
        storageOf(stored),
        `${stored.indices.length} images${limitNote(stored)}, chosen after ${epochs} on all data`,
      )
    })
}
