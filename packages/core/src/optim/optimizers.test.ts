import { testOptimizer } from '@haba/testing'
import { tensor } from '../tree/host.js'
import { adam } from './adam.js'
import { boundary } from './boundary.js'
import { clipByGlobalNorm } from './clip.js'
import { projectSimplex } from './project-simplex.js'
import { clampBelow, partition, setToZero, sgd } from './sgd.js'
import { stepDecay } from './step-decay.js'
import { projectBox } from './project-box.js'

const plain = () => sgd({ learningRate: 0.1, momentum: 0.5, weightDecay: 0.01 })

testOptimizer({ name: 'sgd', make: () => sgd({ learningRate: 0.1 }) })
testOptimizer({ name: 'sgd with momentum and weight decay', make: plain })
testOptimizer({ name: 'adam', make: () => adam({ learningRate: 0.05 }) })
testOptimizer({ name: 'setToZero', make: () => setToZero, descends: false })
testOptimizer({
  name: 'boundary',
  make: () => boundary(0.1, plain()),
  params: () => ({ centers: tensor([0.9, -0.5], [2]) }),
})
testOptimizer({ name: 'clipByGlobalNorm', make: () => clipByGlobalNorm(0.5, plain()) })
testOptimizer({ name: 'stepDecay', make: () => stepDecay({ every: 2, factor: 0.5 }, plain()) })
testOptimizer({ name: 'projectBox', make: () => projectBox({ low: [-1], high: [1], every: 2 }, plain()) })
testOptimizer({
  name: 'partition',
  make: () => partition({ images: plain(), others: adam({ learningRate: 0.1 }) }),
})
testOptimizer({
  name: 'clampBelow',
  make: () => clampBelow(0.01, plain()),
  params: () => ({ rate: tensor([0.5, 2], [2]) }),
})
testOptimizer({
  name: 'projectSimplex',
  make: () => projectSimplex(plain()),
  params: () => ({ targets: tensor([1, 0, 0, 0, 0.5, 0.5], [2, 3]) }),
})
