import { checkedJson, HabaError, identify } from '@haba/core'
import { writeWhole } from '@haba/core/files'
import { recordExperts } from '@haba/matching/experts'
import { mkdir, readdir } from 'node:fs/promises'
import type { Config, ExpertsSettings } from '../config/config.js'
import { overridden } from '../config/overridden.js'
import { readConfig } from '../config/read-config.js'
import { interruptible, listenForInterruption } from '../interruption.js'
import { progressOn, type Terminal } from '../tell/progress.js'
import { owning } from '../folder/owner.js'
import { keyFor, makeAugmentation, openEngine, openParts, transforms } from '../assemble/parts.js'
import { sayRenamed } from '../folder/read-run.js'
import { checkExperts, expertsFile, recordedAs, taughtHash, taughtOf } from '../folder/recorded-experts.js'

export interface ExpertsOptions {
  readonly count?: number
  readonly epochs?: number
  readonly data?: string
  readonly engine?: string
  readonly allowPlugin?: readonly string[]
  readonly set?: readonly string[]
}

/** `haba experts`: trains networks on the real data and keeps their weights after every epoch. */
export async function expertsCommand(
  file: string,
  { count, epochs, allowPlugin = [], set = [], ...options }: ExpertsOptions,
  { out, err }: Terminal,
  signal?: AbortSignal,
): Promise<void> {
  const progress = progressOn(err)
  const read = overridden(await readConfig(file, { allowPlugin, set }), options)
  sayRenamed(read, progress.say)
  if (!read.config.experts)
    throw new HabaError(
      `config ${file}`,
      'a section "experts"',
      'none',
      'Add one: { "folder": "../experts/mine", "count": 100, "epochs": 3 }.',
    )
  if (read.received)
    throw new HabaError(
      `config ${file}: experts.folder`,
      'a configuration outside of run folders, because it chooses where experts are written',
      `that of a run folder, which says ${read.config.experts.folder}`,
      'Copy it out of the run folder first.',
    )
  const settings = {
    ...read.config.experts,
    ...(count !== undefined && { count }),
    ...(epochs !== undefined && { epochs }),
  }
  progress.say(neededText(read.config, settings))
  const heard = signal ?? listenForInterruption(progress.say)
  const opened = await openEngine(read, progress.say)
  try {
    const parts = await openParts(read, opened.engine, progress.pulse)
    for (const warning of parts.data.warnings ?? []) progress.say(warning)
    const { network, augmentation, data, key } = parts
    const own = settings.augmentation
    const used = own ? await makeAugmentation(read, own, data, 'experts.augmentation') : augmentation
    const { folder, learningRate, batch } = settings
    const transform = transforms[settings.transform]
    await mkdir(folder, { recursive: true })
    await owning(folder, 'haba experts', async () => {
      const as = recordedAs(settings, parts)
      const identity = identify(taughtOf(parts.made))
      const how = ['learningRate', 'batch', 'transform', 'augmentation', 'epochs', 'seed'] as const
      const there = await checkExperts(folder, parts, as, how, progress.say)
      if (there === 'untold') await writeWhole(expertsFile(folder), `${checkedJson({ ...as, identity }, 2)}\n`)
      await recordExperts({
        folder,
        learningRate,
        batch,
        count: settings.count,
        epochs: settings.epochs,
        engine: interruptible(opened.engine, heard, 'Run the same command again: finished experts are kept.'),
        network,
        real: data.train,
        key: keyFor(key, 'experts'),
        ...(used && { augmentation: used }),
        ...(transform && { transform }),
        // All experts of a folder have equal metadata, also if an earlier version recorded the first ones.
        metadata: { data: data.name, ...(there !== 'old' && { identity: taughtHash(parts.made) }) },
        onEpoch: ({ expert, epoch, loss }) =>
          progress.count(
            'recording: epoch',
            expert * settings.epochs + epoch,
            settings.count * settings.epochs,
            `expert ${expert + 1} of ${settings.count}  loss ${loss.toPrecision(4)}`,
          ),
      })
    })
  } finally {
    await opened.close()
  }
  const files = (await readdir(settings.folder)).filter((name) => name.endsWith('.safetensors'))
  out.write(`${files.length} experts of ${settings.epochs} epochs in ${settings.folder}\n`)
}

/** The epochs that the configuration's objective reads, in words. */
function neededText({ objective }: Config, { epochs, count, folder }: ExpertsSettings): string {
  const { maxStartEpoch, expertEpochs } = objective
  const what = `Recording ${count} experts of ${epochs} epochs into ${folder}.`
  if (typeof maxStartEpoch !== 'number' || typeof expertEpochs !== 'number')
    return `${what} The objective "${objective.use}" reads no experts.`
  const needed = maxStartEpoch - 1 + expertEpochs
  const reads = `The objective reads epochs 0 … ${needed} (maxStartEpoch ${maxStartEpoch} - 1 + expertEpochs ${expertEpochs})`
  if (epochs < needed) return `${what} ${reads}: these experts are too short for it.`
  return epochs > needed ? `${what} ${reads}: ${needed} epochs are enough.` : `${what} ${reads}.`
}
