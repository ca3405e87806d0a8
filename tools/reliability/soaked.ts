import { chain, fromStrategy } from '@haba/augment'
import { pixels, type AnyObjective, type AnyParameterization } from '@haba/core'
import { tesla, type Differentiation } from '@haba/distill'
import { factorized } from '@haba/hallucinator'
import {
  cafe,
  contrastiveSignals,
  distributionMatching,
  gradientMatching,
  idcMatching,
  trajectoryMatching,
} from '@haba/matching'
import { labelDistillation, ridge, unrolledTraining } from '@haba/meta'
import { labeled, uniformLabels } from '@haba/sets'
import { tinyNetwork, toyData } from '@haba/testing'
import { walkingExperts } from '../walking-experts.fixture.js'

/** What is distilled for thousands of steps. */
export interface Soaked {
  readonly name: string
  readonly objective: AnyObjective
  readonly set: AnyParameterization
  readonly differentiation?: Differentiation
}

const network = tinyNetwork()
const { image, classes } = toyData()
/** All operations on every image: one program, whatever is drawn. */
const augmentation = fromStrategy('color_crop_cutout_flip_scale_rotate', chain)
const haba = factorized({ image, classes, basesPerClass: 2, hallucinators: 3 }) as AnyParameterization
const soft = labeled({ of: pixels({ image, classes, perClass: 1 }), start: uniformLabels }) as AnyParameterization

const common = { network, realPerClass: 6, augmentation }
const loops = { outer: 3, inner: 2 }
const trajectories = trajectoryMatching({
  network,
  experts: walkingExperts(network),
  augmentation,
  steps: 2,
  expertEpochs: 1,
  maxStartEpoch: 3,
  batch: 4,
  learningRate: 0.1,
})

const matched = (name: string, objective: unknown, more: Partial<Soaked> = {}): Soaked => ({
  name,
  objective: objective as AnyObjective,
  set: haba,
  ...more,
})

/** Every objective, through HaBa with its game, but for the one that learns labels of pixels. */
export const soaked: readonly Soaked[] = [
  matched('DM', distributionMatching(common)),
  matched('DC', gradientMatching({ network, realPerClass: 6, loops, networkBatch: 4 })),
  matched('DSA', gradientMatching({ ...common, loops, networkBatch: 4 })),
  matched('DSAC', contrastiveSignals({ ...common, loops, networkBatch: 4, warmUps: { networks: 4, turns: 2 } })),
  matched('CAFE', cafe({ ...common, networkBatch: 4 })),
  matched('IDC', idcMatching({ ...common, networkImages: 8, turns: 5 })),
  matched('MTT', trajectories),
  matched('TESLA', trajectories, { differentiation: tesla }),
  matched('DD', unrolledTraining({ network, steps: 6, epochs: 2, realBatch: 8, augmentation, learningRate: 0.1 })),
  matched('LD', labelDistillation({ network, by: ridge(), batch: 2, realBatch: 8 }), { set: soft }),
]
