export { onnxEngine, type OnnxEngine, type OnnxEngineOptions } from './engine.js'
export type { Provider } from './provider.js'
export type { FunctionStats, OnnxStats } from './stats.js'
export { onnxStatus, type OnnxStatus } from './status.js'
