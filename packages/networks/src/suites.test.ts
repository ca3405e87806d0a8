import { sigmoid } from '@haba/core'
import { testNetwork } from '@haba/testing'
import {
  averagePooling,
  batchNormalization,
  convNet,
  groupNormalization,
  instanceNormalization,
  layerNormalization,
  maxPooling,
  noNormalization,
  noPooling,
} from './index.js'

const image = [8, 8, 2] as const
const tiny = { image, classes: 3, depth: 2, width: 4, activation: sigmoid }

for (const normalization of [
  instanceNormalization,
  layerNormalization,
  groupNormalization(2),
  batchNormalization,
  noNormalization,
])
  testNetwork({ make: () => convNet({ ...tiny, normalization }), image, classes: 3 })

for (const pooling of [maxPooling, noPooling])
  testNetwork({ make: () => convNet({ ...tiny, pooling }), image, classes: 3 })

const gray = [4, 4, 1] as const
testNetwork({ make: () => convNet({ ...tiny, image: gray, pooling: averagePooling }), image: gray, classes: 3 })
