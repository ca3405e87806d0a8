export { type TensorflowOptions } from './binding.js'
export { tensorflowEngine, type TensorflowEngine } from './engine.js'
export { tensorflowStatus, type TensorflowStatus } from './status.js'
