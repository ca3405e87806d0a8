export { onnxEngine, type OnnxEngine, type OnnxEngineOptions } from './engine.js'
export type { Provider } from './provider.js'
export type { FunctionStats, OnnxStats } from './run/stats.js'
export { onnxStatus, type OnnxStatus } from './run/status.js'
