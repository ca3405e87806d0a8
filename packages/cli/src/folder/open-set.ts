import type { Engine, Network, Preprocessing, RealSource, RenderedSet } from '@haba/core'
import { expand } from '@haba/distill'
import type { Protocol } from '@haba/eval'
import { makeSet } from '../assemble/make-set.js'
import { makeAugmentation, makeNetwork, makeProtocol, openEngine, openParts } from '../assemble/parts.js'
import { overridden } from '../config/overridden.js'
import { readManifest } from './draw-run.js'
import { aboutOf, imageContextOf, readRunSet } from './finished-run.js'
import { measuredParts } from './made-of.js'
import { folderOf } from './packed.js'
import { restorePreprocessing } from './preprocessing-file.js'
import { readRun, sayOutside } from './read-run.js'

/** A finished set with everything that `evaluateSet` needs besides a key. */
export interface OpenSet {
  /** Every slot under every view, with targets and layout. */
  readonly set: RenderedSet
  /** In the order of the labels. */
  readonly classNames: readonly string[]
  /** From pixels to what the set's images are, and back; absent where a plugin brought it, which has it in its data. */
  readonly preprocessing?: Preprocessing
  readonly engine: Engine
  /** The run's network. */
  readonly network: Network
  /** The run's protocol, at the learned or chosen learning rate. */
  readonly protocol: Protocol
  /**
   * Reads the test images that the set was measured on, preprocessed as its own images are; its classes are matched by name.
   *
   * @param data where the data are, instead of where `openSet` or the run's configuration says
   * @throws HabaError if they are other images
   */
  test(data?: string): Promise<RealSource>
  /** Frees what the engine holds. */
  close(): Promise<void>
}

/** Options of `openSet`. */
export interface OpenSetOptions {
  /** The folder or file of the data. @default that of the run's configuration */
  readonly data?: string
  /** Plugins that the run may load: paths of files, or packages. @default those of the user's configuration */
  readonly allowPlugin?: readonly string[]
  /** Called with messages for the user, such as warnings about the folder. @default process.emitWarning */
  say?(text: string): void
}

/**
 * Opens the set that `haba distill` wrote into a folder, or `haba pack` into a file. All that it needs is in there; data are
 * read only by `test()`.
 *
 * @throws HabaError if the set is damaged, or the run names plugins that are not allowed
 */
export async function openSet(run: string, options: OpenSetOptions = {}): Promise<OpenSet> {
  const { say = (text: string) => process.emitWarning(text, 'HabaWarning'), ...instead } = options
  const read = await readRun(run, { ...instead, say, reads: false })
  const manifest = await readManifest(run)
  const about = aboutOf(manifest)
  const context = imageContextOf(manifest)
  const parameterization = await makeSet(read, context)
  const { params } = await readRunSet(run, parameterization)
  const { evaluate } = read.config
  const rate = evaluate.protocol === 'ours' ? (about.protocol.rate as number) : evaluate.learningRate
  const augmentation = await makeAugmentation(read, read.config.augmentation, context, 'augmentation')
  const settings = { ...evaluate, learningRate: rate }
  const network = await makeNetwork(read, read.config.network, context, 'network')
  const protocol = await makeProtocol({ read, data: context, augmentation }, settings, about.learned.rate)
  const { engine, close } = await openEngine(read, say)
  try {
    const preprocessing = await restorePreprocessing(run, about.preprocessing, engine)
    return {
      set: await expand(engine, parameterization, params),
      classNames: about.data.classNames,
      ...(preprocessing && { preprocessing }),
      engine,
      network,
      protocol,
      async test(data) {
        const own = data === undefined ? read : overridden(read, { data })
        sayOutside(own, folderOf(run), say)
        return (await openParts(own, engine, () => {}, measuredParts)).data.test
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
