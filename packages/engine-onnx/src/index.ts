export { onnxEngine, type OnnxEngine, type OnnxEngineOptions } from './engine.js'
export type { FunctionStats, OnnxStats } from './stats.js'
