import { checkedJson, oneHotRows, sizeOf, type RenderedSet } from '@haba/core'
import { writeWhole } from '@haba/core/files'
import { expand } from '@haba/distill'
import {
  augmentationRobustScore,
  describeProtocol,
  labelRobustScore,
  recoveryRatio,
  type Accuracy,
  type Protocol,
} from '@haba/eval'
import { join } from 'node:path'
import { evaluateSettings } from '../config/overridden.js'
import { interruptible, listenForInterruption } from '../interruption.js'
import { progressOn, type Terminal } from '../tell/progress.js'
import { budgetOf } from '../assemble/budget.js'
import { openRun } from '../folder/draw-run.js'
import { measureRandom, measureSet, type Measure } from '../measure/evaluate-rows.js'
import { distilledParts, measuredOf } from '../folder/made-of.js'
import { measureTaughtRandom } from '../measure/taught-images.js'
import { protocolText } from '../tell/protocol-text.js'
import { keyFor, makeProtocol, openEngine, openParts } from '../assemble/parts.js'
import { randomImages } from '../measure/chosen-images.js'
import { equalBytesText } from '../measure/run-rows.js'
import { mostOf, storeAsBytes } from '../measure/stored-images.js'
import type { Row } from '../folder/result.js'
import { accuracyText, alignedLines, fullDataOf, fullDataText } from '../tell/tables.js'
import { readRun } from '../folder/read-run.js'

export interface ScoresOptions {
  readonly seeds?: number
  readonly epochs?: number
  readonly data?: string
  readonly engine?: string
  readonly allowPlugin?: readonly string[]
}

/** The augmentation if the run has none: the usual one in the field. */
const usual = { use: 'siamese', strategy: 'color_crop_cutout_flip_scale_rotate', combine: 'one' } as const

/** `haba scores`: the merit of a set beyond soft labels and augmentation, against random images of as many bytes. */
export async function scoresCommand(
  folder: string,
  { seeds, epochs, ...elsewhere }: ScoresOptions,
  { out, err }: Terminal,
  signal?: AbortSignal,
): Promise<void> {
  const progress = progressOn(err)
  const read = await readRun(folder, { ...elsewhere, say: progress.say })
  const heard = signal ?? listenForInterruption(progress.say)
  const opened = await openEngine(read, progress.say)
  try {
    const parts = await openParts(read, opened.engine, progress.pulse)
    const { parameterization, params, result, about, manifest } = await openRun(
      folder,
      read,
      opened.engine,
      parts.data.preprocessing,
    )
    const set = await expand(opened.engine, parameterization, params)
    const { image, classes } = parts.data
    const { bytes } = manifest.storage
    const random = (network: number) =>
      storeAsBytes(parts.data, bytes, async (perClass) =>
        randomImages(parts.data.train, perClass, keyFor(parts.key, 'random'), network),
      )
    // Soft labels take four bytes per class.
    const taught = { bytesPerValue: 1 + (4 * classes) / sizeOf(image), most: mostOf(parts.data.train) }
    const soft = !isHard(set)
    // Refuse a set that is too small to compare before anything is trained.
    budgetOf(bytes, image, classes, { bytesPerValue: 1, most: taught.most })
    if (soft) budgetOf(bytes, image, classes, taught)
    const settings = evaluateSettings(read, { epochs, networks: seeds })
    const rate = settings.protocol === 'ours' ? (about.protocol.rate as number) : settings.learningRate
    const measureUnder = (protocol: Protocol): Measure => ({
      parts,
      engine: interruptible(opened.engine, heard, 'Nothing was written.'),
      protocol,
      networks: settings.networks,
      progress,
    })
    const augmentation = settings.augmentation ?? (parts.augmentation ? read.config.augmentation : usual)
    const protocolWith = (use: typeof augmentation) =>
      makeProtocol(parts, { ...settings, learningRate: rate, augmentation: use }, about.learned.rate)
    const augmented = measureUnder(await protocolWith(augmentation))
    const plain = measureUnder(await protocolWith({ use: 'none' }))
    const measured = {
      set: await measureSet(set, { measure: augmented }, 'set, augmented'),
      setHard: soft ? await measureSet(hardened(set), { measure: augmented }, 'set, hard labels') : undefined,
      random: await measureRandom(random, augmented, 'random images, augmented'),
      randomTaught: soft
        ? await measureTaughtRandom(
            budgetOf(bytes, image, classes, taught).perClass,
            augmented,
            read.config.compare.selection,
            'random images, soft labels',
          )
        : undefined,
      setPlain: await measureSet(set, { measure: plain }, 'set, plain'),
      randomPlain: await measureRandom(random, plain, 'random images, plain'),
      fullData: fullDataOf(result.rows),
    }
    const scores = scoresOf(measured)
    const file = join(folder, 'scores.json')
    const { floats } = manifest.storage
    const protocols = { augmented: describeProtocol(augmented.protocol), plain: describeProtocol(plain.protocol) }
    const identity = measuredOf(read.run, protocols.augmented, distilledParts)
    await writeWhole(file, `${checkedJson({ protocols, identity, floats, bytes, ...scores, measured }, 2)}\n`)
    out.write(
      `\n${scoresText(measured, scores).join('\n')}\n${equalBytesText(bytes)}\n` +
        `With augmentation: ${protocolText(protocols.augmented)}\nWithout: ${protocolText(protocols.plain)}\nWritten to ${file}\n`,
    )
  } finally {
    await opened.close()
  }
}

/** Whether every target is one class. */
const isHard = ({ targets }: RenderedSet) => targets.every((target) => target === 0 || target === 1)

/** The same images with hard labels: their slots' classes. */
function hardened(set: RenderedSet): RenderedSet {
  return { ...set, targets: oneHotRows(set.layout.labels, set.layout.classes) }
}

interface MeasuredForScores {
  readonly set: Accuracy
  /** Present if the set's labels are soft. */
  readonly setHard: Accuracy | undefined
  readonly random: Accuracy
  /** Random images with soft labels; present if the set's labels are soft. */
  readonly randomTaught: Accuracy | undefined
  readonly setPlain: Accuracy
  readonly randomPlain: Accuracy
  /** Present if the run measured it. */
  readonly fullData: Row | undefined
}

function scoresOf({
  set,
  setHard = set,
  random,
  randomTaught = random,
  setPlain,
  randomPlain,
  fullData,
}: MeasuredForScores) {
  return {
    gainAtEqualBytes: set.mean - random.mean,
    augmentationRobust: augmentationRobustScore({
      setAugmented: set.mean,
      randomAugmented: random.mean,
      setPlain: setPlain.mean,
      randomPlain: randomPlain.mean,
    }),
    ...(fullData && {
      recoveryRatio: recoveryRatio(set.mean, fullData.mean),
      labelRobust: labelRobustScore({
        realHard: fullData.mean,
        setHard: setHard.mean,
        setAny: set.mean,
        randomAny: randomTaught.mean,
      }),
    }),
  }
}

function scoresText(
  { set, setHard, random, randomTaught, setPlain, randomPlain, fullData }: MeasuredForScores,
  { gainAtEqualBytes, augmentationRobust, recoveryRatio: ratio, labelRobust }: ReturnType<typeof scoresOf>,
): readonly string[] {
  const percent = (fraction: number) => `${(100 * fraction).toFixed(2)} %`
  const absent = 'needs "compare": { "fullData": {} }'
  return [
    ...alignedLines(
      [
        ['trained', 'on the set', 'on random images'],
        ['with augmentation', accuracyText(set), accuracyText(random)],
        ['without', accuracyText(setPlain), accuracyText(randomPlain)],
        ...(setHard && randomTaught
          ? [
              ['with hard labels', accuracyText(setHard), accuracyText(random)],
              ["with a trained network's labels", '–', accuracyText(randomTaught)],
            ]
          : []),
      ],
      [0],
    ),
    `gain at equal bytes         ${percent(gainAtEqualBytes)}`,
    `recovery of full data       ${ratio === undefined || !fullData ? absent : `${percent(ratio)} of ${fullDataText(fullData)}`}`,
    `label-robust score          ${labelRobust === undefined ? absent : labelRobust.score.toFixed(4)}`,
    `augmentation-robust score   ${augmentationRobust.score.toFixed(4)}`,
    'Scores of DD-Ranking, computed from fractions: 0 … 1, 1 is best.',
  ]
}
