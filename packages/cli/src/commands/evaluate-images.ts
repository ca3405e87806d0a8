import { checkedJson, HabaError, identify, sizeOf } from '@haba/core'
import { writeWhole } from '@haba/core/files'
import { dataOfSet, halfInterval95 } from '@haba/eval'
import { makeNetwork, openEngine, openParts } from '../assemble/parts.js'
import { evaluateSettings, overridden } from '../config/overridden.js'
import { namedNetworks } from '../config/named.js'
import { measuredParts, protocolPart } from '../folder/made-of.js'
import { readShown } from '../folder/read-run.js'
import { listenForInterruption } from '../interruption.js'
import { measureSet, settle } from '../measure/evaluate-rows.js'
import { imagesAsSet } from '../measure/images-set.js'
import { measureOf } from '../measure/run-rows.js'
import { crossCaption, crossTable, type CrossRow } from '../tell/cross-table.js'
import { progressOn, type Terminal } from '../tell/progress.js'

export interface EvaluateImagesOptions {
  /** A configuration file with data, preprocessing, network and protocol. */
  readonly config: string
  readonly networks?: readonly string[]
  readonly seeds?: number
  readonly protocol?: string
  readonly epochs?: number
  readonly data?: string
  readonly engine?: string
  readonly allowPlugin?: readonly string[]
  /** Refused: images are tested in this process, without baselines. */
  readonly workers?: number
  readonly baselines?: readonly string[]
}

/** `haba evaluate IMAGES --config FILE`: tests images from elsewhere as a set, under the protocol of a configuration. */
export async function evaluateImagesCommand(
  path: string,
  {
    config: file,
    networks,
    seeds,
    protocol,
    epochs,
    allowPlugin = [],
    workers,
    baselines,
    ...elsewhere
  }: EvaluateImagesOptions,
  { out, err }: Terminal,
  signal?: AbortSignal,
): Promise<void> {
  if (workers !== undefined || baselines !== undefined)
    throw new HabaError('haba evaluate', '--config without --workers and --baselines', 'both', 'Leave them out.')
  const progress = progressOn(err)
  const asked = overridden(await readShown(file, { allowPlugin }, progress.say), elsewhere)
  const settings = evaluateSettings(asked, { protocol, epochs, networks: seeds })
  // Images come without a learned learning rate.
  const learningRate = settings.learningRate === 'learned' ? 0.01 : settings.learningRate
  const read = { ...asked, config: { ...asked.config, evaluate: { ...settings, learningRate } } }
  const kindsOf = networks === undefined ? [read.config.network] : namedNetworks(read, networks)
  const { engine, close } = await openEngine(read, progress.say)
  try {
    const parts = await openParts(read, engine, progress.pulse)
    const set = await imagesAsSet(path, parts.data)
    const { slots, image } = set.layout
    const bytes = slots * sizeOf(image)
    const heard = signal ?? listenForInterruption(progress.say)
    const rows: CrossRow[] = []
    for (const named of kindsOf) {
      const network = await makeNetwork(read, named, parts.data, '--networks')
      const todo = 'Nothing was written.'
      const measure = await measureOf({ parts: { ...parts, network }, progress, signal: heard, todo })
      const settled = await settle({ ...measure, others: [] }, path, [{ name: path, data: dataOfSet(set) }])
      const measured = await measureSet(set, settled, path)
      const halfInterval = halfInterval95(measured.accuracies)
      const row = {
        ...measured,
        name: path,
        network: network.name,
        ...(halfInterval !== undefined && { halfInterval }),
      }
      rows.push(row)
      const parted = Object.fromEntries(measuredParts.map((part) => [part, parts.made[part]]))
      const identity = identify({ ...parted, ...(row.protocol && protocolPart(row.protocol)) })
      await writeWhole(
        fileOf(path, settings.protocol, network.name),
        `${checkedJson({ ...row, images: slots, bytes, identity }, 2)}\n`,
      )
    }
    out.write(
      `\n${path}: ${slots.toLocaleString('en-US')} images, ${bytes.toLocaleString('en-US')} bytes as uint8 without labels\n` +
        `${crossTable(rows).join('\n')}\n${crossCaption(rows).join('\n')}\nWritten to ${fileOf(path, settings.protocol, '…')}\n`,
    )
  } finally {
    await close()
  }
}

/** Beside the images. */
const fileOf = (path: string, protocol: string, network: string) =>
  `${path.replace(/(\.npz|[/\\]+)$/, '')}.evaluation-${protocol}-${network}.json`
