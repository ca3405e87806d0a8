export { canvas, type CanvasOptions } from './canvas.js'
export { cafe, cafeDecay, type CafeOptions, type NetworkDecay } from './cafe.js'
export {
  dynamicStop,
  leakingAccuracy,
  plainAccuracy,
  type Accumulation,
  type DynamicStop,
  type DynamicStopOptions,
  type Watch,
} from './cafe-stop.js'
export { cafeTerms, tapsOf, type CafeTerms, type Tapped } from './cafe-terms.js'
export { type Carried, type Practice } from './carried-network.js'
export { type ClassBatch } from './class-batch.js'
export {
  contrastiveSignals,
  dccWarmUps,
  summed,
  type ContrastiveSignalsOptions,
  type Signal,
  type WarmUps,
} from './contrastive-signals.js'
export {
  asPublished,
  classByClass,
  classesTogether,
  distributionMatching,
  meanDistance,
  type ClassItem,
  type DistributionMatchingOptions,
  type Grouping,
} from './distribution-matching.js'
export type { Experts } from './experts.js'
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
} from './gradient-distance.js'
export { gradientMatching, type GradientMatchingOptions, type LabeledBatch } from './gradient-matching.js'
export { idcMatching, type IdcMatchingOptions } from './idc-matching.js'
export { dccLoops, dcLoops, type Loops } from './loops.js'
export { type MatchedNetwork } from './network-gradient.js'
export { practiceOnReal, practiceOnSet, type PracticeOnRealOptions, type PracticeOnSetOptions } from './practice.js'
export {
  expertLabels,
  ownLabels,
  trajectoryDistance,
  trajectoryMatching,
  type StudentLabels,
  type TrajectoryMatchingOptions,
} from './trajectory-matching.js'
export {
  fredPresets,
  ftdPresets,
  mttPresets,
  teslaPresets,
  type TrajectoryPreset,
  type TrajectoryPresets,
} from './trajectory-presets.js'
