export {
  budgetDifference,
  budgetOfSet,
  type BudgetPart,
  type NamedBudget,
  type SetBudget,
  type SetBudgetOptions,
} from './budget.js'
export {
  chooseOnValidation,
  evaluateChosen,
  type Candidate,
  type Choice,
  type ChooseOptions,
  type ChosenAccuracy,
  type Trial,
} from './choose.js'
export {
  classSteps,
  continual,
  joinSets,
  selectionAsSet,
  spreadClasses,
  type ContinualOptions,
  type ContinualStep,
} from './continual.js'
export {
  crossArchitecture,
  planWorkers,
  shareOut,
  type CrossArchitectureOptions,
  type Worker,
  type NetworkAccuracy,
  type NetworkJob,
  type WorkerNeeds,
} from './cross-architecture.js'
export {
  dataOfReal,
  dataOfSet,
  evaluateDraws,
  evaluateOn,
  evaluateReal,
  evaluateSet,
  type EvaluateOptions,
} from './evaluate.js'
export { numpyPermutation } from './numpy-permutation.js'
export {
  batchStandardization,
  describeProtocol,
  protocolHash,
  rateAt,
  type BatchTransform,
  type Phase,
  type Protocol,
} from './protocol.js'
export { protocols, type ProtocolOptions } from './protocols.js'
export {
  accuracyAtBytes,
  augmentationRobustScore,
  labelRobustScore,
  recoveryRatio,
  type AugmentationRobustOptions,
  type AugmentationRobustScore,
  type LabelRobustOptions,
  type LabelRobustScore,
  type SizedAccuracy,
} from './scores.js'
export {
  architectures,
  convNetSpace,
  rankCorrelation,
  searchReport,
  type Architecture,
  type ScoredArchitecture,
  type SearchReport,
  type SearchSpace,
  type TimedAccuracy,
} from './search.js'
export { halfInterval95, studentQuantile, summarize, type Accuracy } from './statistics.js'
export { imageStrength } from './strength.js'
export { holdOut, ofClasses, relabeled, subset, type HeldOut } from './subset.js'
export { trainUnder, type TrainedEpoch, type TrainingData, type TrainUnderOptions } from './train-under.js'
