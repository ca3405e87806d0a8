export { fixedWeights, randomWeights, xavierWeights, type InitialWeights } from './initial-weights.js'
export { labelDistillation, type LabelDistillationOptions } from './label-distillation.js'
export {
  ridge,
  secondOrder,
  type LabelStep,
  type Learner,
  type RidgeOptions,
  type SecondOrderOptions,
} from './label-step.js'
export { ridge as ridgeRegression } from './ridge.js'
export { testAsPrescribed, type TestAsPrescribedOptions } from './test-as-prescribed.js'
export { unrolledTraining, type UnrolledTrainingOptions } from './unrolled-training.js'
