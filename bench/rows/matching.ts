import { partition, disposeTree, pixels, sgd, type Augmentation, type Parameterization, type Tree } from '@haba/core'
import { differentiate, distill, recompute, startDistilling, type DistillSpec } from '@haba/distill'
import { onnxEngine } from '@haba/engine-onnx'
import { factorized, type FactorizedParams } from '@haba/hallucinator'
import { distributionMatching, gradientMatching } from '@haba/matching'
import type { ConvNetWeights } from '@haba/networks'
import type { Tensor4D } from '@tensorflow/tfjs-core'
import type { Check } from '../statistics.js'
import { inTurn } from './in-turn.js'
import {
  classes,
  factorizedNumbers,
  image,
  key,
  network,
  norm,
  realImages,
  share,
  shared,
  type MakeRow,
} from './problem.js'

const realPerClass = 256
const part = (rate: number) => sgd({ learningRate: rate, momentum: 0.5 })

/** Whole iterations of DM or DSA, of pixels or of HaBa's set; one of DSA is a turn of its outer loop that is not the last. */
export const matchingRow: MakeRow = async ({ batch, steps, objective: kind, hallucinators }, { engine, folder }) => {
  const objectiveOf = (augmentation?: Augmentation) => {
    const options = { network, realPerClass, ...(augmentation && { augmentation }) }
    // Published loops are { outer: 10, inner: 50 }; every tenth turn would lack the network's training.
    const loops = { outer: Number.MAX_SAFE_INTEGER, inner: steps }
    return kind === 'dm' ? distributionMatching(options) : gradientMatching({ ...options, loops })
  }
  const bases = { image, classes, basesPerClass: batch / classes }
  const parameterization = (hallucinators
    ? factorized({ ...bases, hallucinators })
    : pixels({ image, classes, perClass: batch / classes })) as unknown as Parameterization<Tree>
  const real = realImages(realPerClass)
  const spec = {
    engine,
    key,
    real,
    parameterization,
    objective: objectiveOf(inTurn() as unknown as Augmentation),
    optimizer: hallucinators
      ? partition({ bases: part(1), hallucinators: part(0.001) })
      : part(kind === 'dm' ? 1 : 0.1),
    steps: Number.MAX_SAFE_INTEGER,
  } as unknown as DistillSpec
  const first = await startDistilling(spec)
  const numbers = hallucinators
    ? factorizedNumbers('images', first.set as FactorizedParams)
    : [['images', (first.set as { images: Tensor4D }).images] as const]

  /** Without augmentation, whose draws the two sides do not share. */
  async function check(): Promise<Check> {
    const other = onnxEngine()
    const plain = objectiveOf()
    const { params, state } = (plain as unknown as { init(k: typeof key): { params: Tree; state: object } }).init(key)
    const drawing = plain as unknown as {
      draw(k: typeof key, from: object): Promise<{ common: { weights: ConvNetWeights }; items: [] }>
    }
    const drawn = await drawing.draw(key, { real, layout: parameterization.layout, state })
    await share(folder, [
      ...shared('start', drawn.common.weights),
      ...numbers,
      ['real', await real.images(Int32Array.from(real.labels.keys()))],
    ])
    const gradient = differentiate(other, parameterization, plain, recompute)
    const { loss, set: moved } = await gradient(first.set, params, drawn)
    await other.close()
    return { loss, 'gradient of the set': norm(moved) }
  }

  const run = distill(spec, first)
  return {
    check,
    async round() {
      const { value } = await run.next()
      // The run has a copy of what it began with.
      disposeTree(first)
      return value!.loss
    },
  }
}
