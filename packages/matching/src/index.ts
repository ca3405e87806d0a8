export { type ClassBatch } from './class-batch.js'
export { cafe, cafeDecay, type CafeOptions, type NetworkDecay } from './features/cafe.js'
export {
  dynamicStop,
  leakingAccuracy,
  plainAccuracy,
  type Accumulation,
  type DynamicStop,
  type DynamicStopOptions,
  type Watch,
} from './features/cafe-stop.js'
export { cafeTerms, tapsOf, type CafeTerms, type Tapped } from './features/cafe-terms.js'
export {
  asPublished,
  classByClass,
  classesTogether,
  distributionMatching,
  meanDistance,
  type ClassItem,
  type DistributionMatchingOptions,
  type Grouping,
} from './features/distribution-matching.js'
export { type Carried, type Practice } from './gradient/carried-network.js'
export {
  contrastiveSignals,
  dccWarmUps,
  summed,
  type ContrastiveSignalsOptions,
  type Signal,
  type WarmUps,
} from './gradient/contrastive-signals.js'
export {
  allKernels,
  convolutionAbsolute,
  convolutionKernels,
  convolutionSquared,
  globalCosine,
  layerwiseCosine,
  squaredDistance,
  sumOfDifferences,
  type Counted,
  type GradientDistance,
} from './gradient/gradient-distance.js'
export { gradientMatching, type GradientMatchingOptions, type LabeledBatch } from './gradient/gradient-matching.js'
export { idcMatching, type IdcMatchingOptions } from './gradient/idc-matching.js'
export { dccLoops, dcLoops, type Loops } from './gradient/loops.js'
export { type MatchedNetwork } from './gradient/network-gradient.js'
export {
  practiceOnReal,
  practiceOnSet,
  type PracticeOnRealOptions,
  type PracticeOnSetOptions,
} from './gradient/practice.js'
export type { Experts } from './trajectory/experts.js'
export {
  expertLabels,
  ownLabels,
  trajectoryDistance,
  trajectoryMatching,
  type StudentLabels,
  type TrajectoryMatchingOptions,
} from './trajectory/trajectory-matching.js'
export {
  fredPresets,
  ftdPresets,
  mttPresets,
  teslaPresets,
  type TrajectoryPreset,
  type TrajectoryPresets,
} from './trajectory/trajectory-presets.js'
