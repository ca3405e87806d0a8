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

/** What is needed to measure with the set of a run; plain data, to be sent to another process. */
export interface MeasuringOptions extends Instead, Pick<Trust, 'allowPlugin'> {
  readonly folder: string
  /** Whether real images are measured, too: then the training images must be those of the run. */
  readonly real: boolean
  readonly settings: EvaluateSettings
  /** Of the engine, where it takes some. */
  readonly threads?: number
}

/** One network to train and test. */
export interface MeasuringJob {
  /** On the distilled set, on all of the training data, or on some of its images: as uint8 or as a JPEG gives them back. */
  readonly on: 'set' | 'real' | readonly number[] | { readonly images: readonly number[]; readonly quality: number }
  readonly network: Named
  readonly seed: number
  /** Instead of what the settings say. */
  readonly epochs?: number
  /** Steps that the set was distilled for: what was measured of a shorter run does not hold of a longer one. */
  readonly after?: number
  /** Hash of the settings and the images: what was measured otherwise does not hold. */
  readonly by?: string
}

export interface MeasuredNetwork {
  readonly network: string
  readonly accuracy: number
  readonly seconds: number
  /** As reports tell it. */
  readonly protocol: Readonly<Record<string, unknown>>
}

/** An open run, measuring one network after the other. */
export interface Measuring {
  measure(job: MeasuringJob): Promise<MeasuredNetwork>
  close(): Promise<void>
}

/** The engine of a configuration, with so many threads. */
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
  // Whoever opened the run first has said what there is to say.
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
          // A learned step size is that of the set.
          ...(on !== 'set' && settings.learningRate === 'learned' && { learningRate: 0.01 }),
          // What was chosen for the set; a test of other networks chooses nothing.
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
