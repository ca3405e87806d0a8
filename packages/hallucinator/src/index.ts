export {
  adversarialContrast,
  dissimilarity,
  similarity,
  type AdversarialContrastOptions,
  type GameWeights,
} from './adversarial-contrast.js'
export { instanceContrastive, supervisedContrastive, type ContrastiveLoss } from './contrastive.js'
export {
  factorised,
  perClass,
  shared,
  type FactorisedOptions,
  type FactorisedParams,
  type Sharing,
} from './factorised.js'
export { hallucinate, hallucinateEach, type Activation, type Hallucinators } from './hallucinate.js'
