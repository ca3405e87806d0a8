export { checkArguments, checkCount, type ArgumentKind } from './check-arguments.js'
export { exactJson } from './exact-json.js'
export { HabaError, type HabaErrorFacts } from './errors.js'
export {
  canonicalHash,
  canonicalJson,
  differenceError,
  differences,
  identify,
  readIdentity,
  type Difference,
  type Identity,
} from './identity.js'
export type { Augmentation, Mixing } from './spec/augmentation.js'
export type { Batch, ImageShape } from './spec/batch.js'
export type { EncodedTensors, SetCodec, StoredTensors } from './spec/codec.js'
export type { Dataset, Preprocessing, RealSource, TrainDataset } from './spec/dataset.js'
export type { Compiled, Engine, Linearized } from './spec/engine.js'
export type { Game } from './spec/game.js'
export type { Mode, Network, NetworkOutput } from './spec/network.js'
export type {
  AdvanceContext,
  DrawContext,
  Drawn,
  HasLearningRateScale,
  PrescribedStep,
  Prescribes,
  Prescription,
  RecurrenceObjective,
  SumObjective,
} from './spec/objective.js'
export type { Optimizer } from './spec/optimizer.js'
export type { Key } from './spec/random.js'
export type { Fit, Layout, Parameterization, RenderedSet, Rows, StorageReport, Synthetic } from './spec/synthetic.js'
export type { Args, None, Tree } from './spec/tree.js'
export { sizeOf, type DType, type Values } from './spec/values.js'

export { copyOf, zerosOf } from './tree/copies.js'
export { disposeOnThrow, type Own } from './tree/dispose-on-throw.js'
export { hostTensor, hostValue, scalar, tensor, type HostValue } from './tree/host.js'
export type { AtMost, Axes, RankOf, Without } from './tree/ranks.js'
export { reorderAxes } from './tree/reorder.js'
export {
  fromSafetensors,
  safetensorsHeader,
  safetensorsHeaderLength,
  safetensorsTensor,
  toSafetensors,
  treeFromNamed,
  warnWithoutChecksums,
  type Safetensors,
  type SafetensorsHeader,
} from './tree/safetensors.js'
export {
  disposeTree,
  isFixed,
  mapTree,
  namedLeaves,
  signature,
  tensorLeaves,
  treeFromJson,
  treeToJson,
  withTensors,
} from './tree/tree.js'

export { bits, foldIn, integers, keyFrom, normal, permutation, uniform } from './random/key.js'

export { leakyRelu, logSoftmax, oneHot, softmax, softplus, swish } from './ops/activation.js'
export { stopGradient } from './ops/apply.js'
export {
  abs,
  add,
  cast,
  div,
  equal,
  exp,
  floor,
  greater,
  log,
  maximum,
  minimum,
  mul,
  neg,
  reciprocal,
  relu,
  where,
  sigmoid,
  sign,
  sqrt,
  square,
  step,
  sub,
  tanh,
  type Operand,
} from './ops/elementwise.js'
export { broadcastTo, concat, gather, pad, reshape, scatterAdd, slice, stack, sum, transpose } from './ops/layout.js'
export { avgPool, conv2d, conv2dTranspose, matMul, type ConvolutionOptions } from './ops/linear.js'
export { conv2dInstanceNorm } from './ops/conv2d-instance-norm.js'
export { batchMoments, batchNorm, groupNorm, instanceNorm, layerNorm } from './ops/normalization.js'
export { maxPool, type MaxPoolOptions } from './ops/pooling.js'
export { max, mean } from './ops/reduce.js'
export { affineSample, resizeBilinear } from './ops/resample.js'
export { constant, fill, onesLike, zerosLike } from './ops/sources.js'

export { grad, valueAndGrad, vjp, type Pulled } from './autodiff/grad.js'
export { innerProduct } from './autodiff/inner.js'

export { directEngine, type DirectEngineOptions } from './compile/direct-engine.js'
export {
  nodeOf,
  type ConvolutionAttributes,
  type Graph,
  type Node,
  type PoolAttributes,
  type Primitive,
  type PrimitiveAttributes,
} from './compile/graph.js'
export { traceLinear, type LinearProgram } from './compile/linearize.js'
export { bytesOf, peakBytes } from './compile/peak-bytes.js'
export { oncePerEngine } from './compile/once-per-engine.js'
export { trace, type Program } from './compile/trace.js'
export { tracedEngine, type RunProgram, type TracedEngineOptions } from './compile/traced-engine.js'

export { cosineSimilarity } from './losses/cosine-similarity.js'
export { crossEntropy } from './losses/cross-entropy.js'
export { adam, type AdamOptions, type AdamState } from './optim/adam.js'
export { boundary } from './optim/boundary.js'
export { clipByGlobalNorm } from './optim/clip.js'
export { projectSimplex } from './optim/project-simplex.js'
export { applyUpdates, clampBelow, partition, setToZero, sgd, type SgdOptions, type SgdState } from './optim/sgd.js'
export { stepDecay, type StepDecayOptions, type StepDecayState } from './optim/step-decay.js'
export { projectBox, type ProjectBoxOptions, type ProjectBoxState } from './optim/project-box.js'

export { checkedJson, checksumOf, parseCheckedJson, type Complaint, type ReadJsonOptions } from './checked-json.js'
export { parseJson, shownJson } from './json.js'
export { checkFinite, firstNotFinite, isNotFinite, notFiniteError, sumOfAll, type NotFinite } from './finite.js'
export { systemCode, systemError } from './system-error.js'
export {
  countClasses,
  fromNoise,
  fromReal,
  pixels,
  targetsOf,
  type PixelsOptions,
  type PixelsParams,
  type Start,
} from './pixels.js'
export type {
  AnyGame,
  AnyObjective,
  AnyParameterization,
  DatasetContext,
  DatasetEntry,
  ImageContext,
  ObjectiveContext,
  AnyOptions,
  OptionsSchema,
  Plugin,
  PluginEntry,
  PluginTable,
  SetContext,
} from './plugin.js'
export { hasLearningRateScale, prescribes } from './capabilities.js'
export { bitsOfIndexSets, packIndexSets, unpackIndexSets, type IndexSets } from './index-sets.js'
export { storageOf, storageReport } from './storage-report.js'
export { labelBytes, storedLabels } from './stored-labels.js'
export { varints } from './varints.js'
export { rangePreprocessing } from './range-preprocessing.js'
export { regularizer } from './regularizer.js'
export { oneHotRows, realBatch } from './real-batch.js'
export {
  classMajorLabels,
  drawBatches,
  drawPair,
  drawProducts,
  drawSome,
  drawView,
  drawViews,
  indicesByClass,
  rowsOf,
  slotsOfClass,
  type ViewCount,
} from './rows.js'
export { student, studentStep, type MovingWeights, type Student } from './train/student.js'
export { trainer, type Trainer, type TrainerOptions, type Training } from './train/trainer.js'
