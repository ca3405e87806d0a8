export { canvas, type CanvasOptions } from './canvas.js'
export { fred, type FredOptions, type FredParams } from './fred.js'
export { gaussians, type GaussiansOptions } from './gaussians.js'
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
export { lowRank, type LowRankOptions, type LowRankParams } from './low-rank.js'
export { decodedCells, mixed, releasedCells, type Cells } from './mixed.js'
export { multiFormation, type MultiFormationOptions, type MultiFormationParams } from './multi-formation.js'
export { rtp, type RtpOptions, type RtpParams } from './rtp.js'
export type { Gaussians } from './splat.js'
export type { StoredImages } from './stored-images.js'
