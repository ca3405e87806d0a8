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
export {
  asLogits,
  asProbabilities,
  hardLabels,
  labeled,
  predictedLabels,
  uniformLabels,
  type LabeledOptions,
  type LabeledParams,
  type LabeledSet,
  type LabelStart,
  type LabelStorage,
  type PredictedLabelsOptions,
  type Unlabeled,
} from './labeled.js'
export { ridge as ridgeRegression } from './ridge.js'
export { testAsPrescribed, type TestAsPrescribedOptions } from './test-as-prescribed.js'
export { unrolledTraining, type UnrolledTrainingOptions } from './unrolled-training.js'
