export {
  adversarialContrast,
  dissimilarity,
  similarity,
  type AdversarialContrastOptions,
  type GameWeights,
} from './adversarial-contrast.js'
export { instanceContrastive, supervisedContrastive, type ContrastiveLoss } from './contrastive.js'
export {
  factorized,
  perClass,
  shared,
  type Enlarge,
  type FactorizedOptions,
  type FactorizedParams,
  type Sharing,
} from './factorized.js'
export { hallucinate, type Activation, type Convolutions, type Hallucinators, type Layer } from './hallucinate.js'
export { identity, released, type HallucinatorShape, type Initializer } from './initializers.js'
