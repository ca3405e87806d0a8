import { HabaError } from '@haba/core'
import { recordExperts } from '@haba/matching'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config, ExpertsSettings } from '../config/config.js'
import { readConfig, type ReadConfig } from '../config/read-config.js'
import { configText } from '../config/write-config.js'
import { interruptible, listenForInterruption, type Interruption } from '../interruption.js'
import { progressOn } from '../progress.js'
import { owning } from '../run/owner.js'
import { keyFor, makeAugmentation, openEngine, openParts, transforms } from '../run/parts.js'
import { writeWhole } from '../run/run-folder.js'
import { overridden } from './distill.js'
import type { Terminal } from './terminal.js'

export interface ExpertsOptions {
  readonly count?: number
  readonly epochs?: number
  readonly data?: string
  readonly engine?: string
}

/** `haba experts`: trains networks on the real data and keeps their weights after every epoch. */
export async function expertsCommand(
  file: string,
  { count, epochs, ...options }: ExpertsOptions,
  { out, err }: Terminal,
  interruption?: Interruption,
): Promise<void> {
  const read = overridden(await readConfig(file), options)
  if (!read.config.experts)
    throw new HabaError(
      `config ${file}`,
      'a section "experts"',
      'none',
      'Add one: { "folder": "../experts/mine", "count": 100, "epochs": 3 }.',
    )
  const settings = {
    ...read.config.experts,
    ...(count !== undefined && { count }),
    ...(epochs !== undefined && { epochs }),
  }
  const progress = progressOn(err)
  progress.say(neededText(read.config, settings))
  const heard = interruption ?? listenForInterruption(progress.say)
  const opened = await openEngine(read, progress.say)
  try {
    const parts = await openParts(read, opened.engine, progress.pulse)
    for (const warning of parts.data.warnings ?? []) progress.say(warning)
    const { network, augmentation, data, key } = parts
    const own = settings.augmentation
    const used = own ? await makeAugmentation(read, own, data, 'experts.augmentation') : augmentation
    const { folder, rate, batch } = settings
    const transform = transforms[settings.transform]
    await mkdir(folder, { recursive: true })
    await owning(folder, 'haba experts', async () => {
      await claimFolder(settings, read, network.name)
      await recordExperts({
        folder,
        rate,
        batch,
        count: settings.count,
        epochs: settings.epochs,
        engine: interruptible(opened.engine, heard, 'Run the same command again: finished experts are kept.'),
        network,
        real: data.train,
        key: keyFor(key, 'experts'),
        ...(used && { augmentation: used }),
        ...(transform && { transform }),
        metadata: { data: data.name },
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

/** Which epochs the configuration's objective reads. */
function neededText({ objective }: Config, { epochs, count, folder }: ExpertsSettings): string {
  const { maxStartEpoch, expertEpochs } = objective
  const what = `Recording ${count} experts of ${epochs} epochs into ${folder}.`
  if (typeof maxStartEpoch !== 'number' || typeof expertEpochs !== 'number')
    return `${what} The objective "${objective.use}" reads no experts.`
  const needed = maxStartEpoch - 1 + expertEpochs
  const reads = `The objective reads epochs 0 … ${needed} (maxStartEpoch ${maxStartEpoch} - 1 + expertEpochs ${expertEpochs})`
  if (epochs < needed) return `${what} ${reads}: these are too short for it.`
  return epochs > needed ? `${what} ${reads}: ${needed} epochs would do.` : `${what} ${reads}.`
}

/** Experts in one folder are all trained alike: what a folder holds is written down, and held to. */
async function claimFolder(settings: ExpertsSettings, read: ReadConfig, network: string): Promise<void> {
  const { folder, count: _, ...how } = settings
  const file = join(folder, 'experts.json')
  const config = JSON.parse(configText(read.config, read.tables, folder)) as Config
  const text = `${JSON.stringify(
    {
      ...how,
      augmentation: settings.augmentation ?? config.augmentation,
      data: config.data,
      network,
      seed: config.seed,
    },
    null,
    2,
  )}\n`
  if (!existsSync(file)) return writeWhole(file, text)
  if ((await readFile(file, 'utf8')) !== text)
    throw new HabaError(
      `experts ${folder}`,
      'experts that were trained as this configuration says',
      `others (see ${file})`,
      'Choose another folder, or delete this one.',
    )
}
