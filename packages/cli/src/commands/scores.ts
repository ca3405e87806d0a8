import { sizeOf, type RenderedSet } from '@haba/core'
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
import { readConfig } from '../config/read-config.js'
import { interruptible, listenForInterruption, type Interruption } from '../interruption.js'
import { progressOn } from '../progress.js'
import { budgetOf } from '../run/budget.js'
import { openRun } from '../run/draw-run.js'
import { measureRandom, measureSet, type Measure } from '../run/evaluate-rows.js'
import { measureTaughtRandom } from '../run/taught-images.js'
import { protocolText } from '../run/protocol-text.js'
import { keyFor, makeProtocol, openEngine, openParts } from '../run/parts.js'
import { randomImages } from '../run/chosen-images.js'
import { equalBytesText } from '../run/run-rows.js'
import { mostOf, storeAsBytes } from '../run/stored-images.js'
import { accuracyText, alignedLines, fullDataOf, fullDataText, type Row } from '../run/result.js'
import { configOf, writeWhole } from '../run/run-folder.js'
import { overridden } from './distill.js'
import { evaluateSettings } from './evaluate.js'
import type { Terminal } from './terminal.js'

export interface ScoresOptions {
  readonly seeds?: number
  readonly epochs?: number
  readonly data?: string
  readonly engine?: string
}

/** What images are augmented with where the run has no augmentation of its own: the field's. */
const usual = { use: 'siamese', strategy: 'color_crop_cutout_flip_scale_rotate', combine: 'one' } as const

/** `haba scores`: what a set is worth beyond soft labels and augmentation, against random images of as many bytes. */
export async function scoresCommand(
  folder: string,
  { seeds, epochs, ...elsewhere }: ScoresOptions,
  { out, err }: Terminal,
  interruption?: Interruption,
): Promise<void> {
  const read = overridden(await readConfig(configOf(folder)), elsewhere)
  const progress = progressOn(err)
  const heard = interruption ?? listenForInterruption(progress.say)
  const opened = await openEngine(read, progress.say)
  try {
    const parts = await openParts(read, opened.engine, progress.pulse)
    const { parameterization, params, result, about, manifest } = await openRun(folder, read, opened.engine)
    const set = await expand(opened.engine, parameterization, params)
    const { image, classes } = parts.data
    const { bytes } = manifest.storage
    const random = (network: number) =>
      storeAsBytes(parts.data, bytes, async (perClass) =>
        randomImages(parts.data.train, perClass, keyFor(parts.key, 'random'), network),
      )
    // Labels of a trained network take four bytes a class.
    const taught = { bytesPerValue: 1 + (4 * classes) / sizeOf(image), most: mostOf(parts.data.train) }
    const settings = evaluateSettings(read, { epochs, networks: seeds })
    const rate = settings.protocol === 'ours' ? (about.protocol.rate as number) : settings.rate
    const measureUnder = (protocol: Protocol): Measure => ({
      parts,
      watch: (onCall) => interruptible(opened.engine, heard, 'Nothing was written.', onCall),
      protocol,
      networks: settings.networks,
      progress,
    })
    const augmentation = settings.augmentation ?? (parts.augmentation ? read.config.augmentation : usual)
    const protocolWith = (use: typeof augmentation) =>
      makeProtocol(parts, { ...settings, rate, augmentation: use }, about.learned.rate)
    const augmented = measureUnder(await protocolWith(augmentation))
    const plain = measureUnder(await protocolWith({ use: 'none' }))
    const soft = !isHard(set)
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
    await writeWhole(file, `${JSON.stringify({ protocols, floats, bytes, ...scores, measured }, null, 2)}\n`)
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

/** The same images, each of its slot's class alone. */
function hardened(set: RenderedSet): RenderedSet {
  const { classes, labels } = set.layout
  const targets = new Float32Array(set.targets.length)
  labels.forEach((label, slot) => (targets[slot * classes + label] = 1))
  return { ...set, targets }
}

interface MeasuredForScores {
  readonly set: Accuracy
  /** Where the set's labels are soft. */
  readonly setHard: Accuracy | undefined
  readonly random: Accuracy
  /** Where the set's labels are soft: random images with a trained network's. */
  readonly randomTaught: Accuracy | undefined
  readonly setPlain: Accuracy
  readonly randomPlain: Accuracy
  /** Where the run measured it. */
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
    'Scores after DD-Ranking, on fractions, 0 … 1: 1 is best.',
  ]
}
