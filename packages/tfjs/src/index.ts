export {
  fromLayersModel,
  type LayersNetwork,
  type LayersState,
  type LayersValues,
  type LayersWeights,
} from './from-layers-model.js'
export { fromTensors, type DataOptions, type FromTensorsOptions } from './from-tensors.js'
export { fromTfData, type FromTfDataOptions, type TfDataset } from './from-tf-data.js'
export { type LayerWeights, type RunningMoments } from './layer-operations.js'
export { type TensorSplit } from './read-tensors.js'
export { renderedSet, toTensors, toTfData, type RenderedSetOptions, type SetTensors } from './sets.js'
export { toLayersModel } from './to-layers-model.js'
