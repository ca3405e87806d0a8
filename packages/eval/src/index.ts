export { evaluateReal, evaluateSet, rateAt, summarise, type Accuracy, type EvaluateOptions } from './evaluate.js'
export {
  batchStandardisation,
  describeProtocol,
  protocols,
  type BatchTransform,
  type Protocol,
  type ProtocolOptions,
} from './protocol.js'
