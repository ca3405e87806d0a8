import type { Dataset, RealSource, RenderedSet } from '@haba/core'
import { expand } from '@haba/distill'
import { describeProtocol, evaluateReal, evaluateSet } from '@haba/eval'
import { performance } from 'node:perf_hooks'
import type { EvaluateSettings, Named } from '../config/config.js'
import type { Instead } from '../config/overridden.js'
import type { ReadConfig, Trust } from '../config/read-config.js'
import { interruptible } from '../interruption.js'
import type { Progress } from '../tell/progress.js'
import { readManifest } from '../folder/draw-run.js'
import { optionsOf } from './evaluate-rows.js'
import { aboutOf, readRunSet } from '../folder/finished-run.js'
import { makeSet } from '../assemble/make-set.js'
import { makeNetwork, makeProtocol, openEngine, openParts } from '../assemble/parts.js'
import { distilledParts, measuredParts } from '../folder/made-of.js'
import { readRun } from '../folder/read-run.js'
import { asBytes, asJpeg } from './stored-images.js'

/** What a process needs to measure a run: plain data, to send to a worker. */
export interface MeasuringOptions extends Instead, Pick<Trust, 'allowPlugin'> {
  readonly folder: string
  /** Whether real images are measured, too; then the training images must be the run's. */
  readonly real: boolean
  readonly settings: EvaluateSettings
  /** Threads of the engine, if it has any. */
  readonly threads?: number
}

/** One network to train and test. */
export interface MeasuringJob {
  /** What to train on: the distilled set, all training data, or some of its images, as uint8 or decoded from a JPEG. */
  readonly on: 'set' | 'real' | readonly number[] | { readonly images: readonly number[]; readonly quality: number }
  readonly network: Named
  readonly seed: number
  /** @default those of the settings */
  readonly epochs?: number
  /** Steps of distillation: results of a shorter run are not valid for a longer one. */
  readonly after?: number
  /** Hash of the settings and images: results with other ones are not valid. */
  readonly by?: string
}

export interface MeasuredNetwork {
  readonly network: string
  readonly accuracy: number
  readonly seconds: number
  /** As in reports. */
  readonly protocol: Readonly<Record<string, unknown>>
}

/** An open run that measures networks one by one. */
export interface Measuring {
  measure(job: MeasuringJob): Promise<MeasuredNetwork>
  close(): Promise<void>
}

/** The configuration with this number of threads of its engine. */
const withThreads = (read: ReadConfig, threads: number | undefined): ReadConfig =>
  threads === undefined ? read : { ...read, config: { ...read.config, engine: { ...read.config.engine, threads } } }

/** The images of a job. */
async function realOf(data: Dataset, on: MeasuringJob['on']): Promise<RealSource> {
  if (typeof on === 'string') return data.train
  if ('quality' in on) return (await asJpeg(data, Int32Array.from(on.images), on.quality)).source
  return await asBytes(data, Int32Array.from(on))
}

/** Opens a run for measuring. */
export async function openMeasuring(
  { folder, real: comparesReal, settings, threads, ...options }: MeasuringOptions,
  progress: Progress,
  signal: AbortSignal,
): Promise<Measuring> {
  // The main process has shown the messages already.
  const read = withThreads(await readRun(folder, { ...options, say: () => {} }), threads)
  const opened = await openEngine(read, progress.say)
  const compared = comparesReal ? distilledParts : measuredParts
  const parts = await openParts(read, opened.engine, progress.pulse, compared)
  const about = aboutOf(await readManifest(folder))
  const engine = interruptible(opened.engine, signal, 'Nothing was written.')
  let set: RenderedSet | undefined
  const rendered = async () => {
    const parameterization = await makeSet(read, parts.data)
    return expand(opened.engine, parameterization, (await readRunSet(folder, parameterization)).params)
  }
  return {
    async measure({ on, network, seed, epochs }) {
      const student = await makeNetwork(read, network, parts.data, '--networks')
      const protocol = await makeProtocol(
        parts,
        {
          ...settings,
          ...(epochs !== undefined && { epochs }),
          // A learned step size belongs to the set.
          ...(on !== 'set' && settings.learningRate === 'learned' && { learningRate: 0.01 }),
          // The learning rate chosen for the set: tests of other networks choose nothing.
          ...(settings.protocol === 'ours' && { learningRate: about.protocol.rate as number }),
        },
        about.learned.rate,
      )
      set ??= await rendered()
      const measure = {
        parts: { ...parts, network: student },
        engine,
        protocol,
        networks: 1,
        progress,
      }
      const what = `${read.config.name}, ${student.name}, seed ${seed}`
      const real = await realOf(parts.data, on)
      const items = on === 'set' ? set.layout.slots : real.labels.length
      const options = { ...optionsOf(measure, what, items), first: seed }
      const began = performance.now()
      const { mean } = await (on === 'set' ? evaluateSet(set, options) : evaluateReal(real, options))
      const seconds = (performance.now() - began) / 1000
      return { network: student.name, accuracy: mean, seconds, protocol: describeProtocol(protocol) }
    },
    close: () => opened.close(),
  }
}
