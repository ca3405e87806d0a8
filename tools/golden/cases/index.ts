import type { GoldenCase } from '../golden-case.js'
import { evaluationSteps } from './evaluation-steps.js'
import { featureSimilarity } from './feature-similarity.js'
import { habaIterations } from './haba-iterations.js'
import { habaDistributionMatching, habaGradientMatching } from './haba-sums.js'
import { hallucinator } from './hallucinator.js'
import { networkLogits } from './network-logits.js'
import { distributionMatching, gradientMatching } from './one-class.js'
import { siameseAugmentation } from './siamese-augmentation.js'
import { supervisedContrastive } from './supervised-contrastive.js'
import { trajectoryMatching } from './trajectory-matching.js'
import { zca } from './zca.js'

/** The cases that this tool covers, by their names in the manifest: what `--covered` runs. */
export const cases: Readonly<Record<string, GoldenCase>> = {
  hallucinator_rgb: hallucinator,
  hallucinator_single_channel: hallucinator,
  supervised_contrastive: supervisedContrastive,
  feature_similarity: featureSimilarity,
  network_logits: networkLogits,
  siamese_augmentation: siameseAugmentation,
  trajectory_matching: trajectoryMatching,
  haba_iterations: habaIterations,
  gradient_matching: gradientMatching,
  distribution_matching: distributionMatching,
  zca,
  evaluation_steps: evaluationSteps,
  haba_gradient_matching: habaGradientMatching,
  haba_distribution_matching: habaDistributionMatching,
}
