import type { GoldenCase } from '../golden-case.js'
import { cafe } from './cafe.js'
import { coreset } from './coreset.js'
import { cutmix } from './cutmix.js'
import { dcc } from './dcc.js'
import { ddRanking } from './dd-ranking.js'
import { evaluationSteps } from './evaluation-steps.js'
import { featureSimilarity } from './feature-similarity.js'
import { habaIterations } from './haba-iterations.js'
import { habaDistributionMatching, habaGradientMatching } from './haba-sums.js'
import { hallucinator } from './hallucinator.js'
import { multiFormation } from './multi-formation.js'
import { labelDistillation } from './label-distillation.js'
import { metaUnroll } from './meta-unroll.js'
import { networkLogits } from './network-logits.js'
import { distributionMatching, gradientMatching, idcGradientMatching } from './one-class.js'
import { schedule } from './schedule.js'
import { siameseAugmentation } from './siamese-augmentation.js'
import { supervisedContrastive } from './supervised-contrastive.js'
import { tesla } from './tesla.js'
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
  tesla,
  meta_unroll: metaUnroll,
  label_distillation: labelDistillation,
  haba_iterations: habaIterations,
  gradient_matching: gradientMatching,
  gradient_matching_idc: idcGradientMatching,
  dcc,
  cutmix,
  distribution_matching: distributionMatching,
  zca,
  evaluation_steps: evaluationSteps,
  schedule,
  dd_ranking: ddRanking,
  haba_gradient_matching: habaGradientMatching,
  haba_distribution_matching: habaDistributionMatching,
  cafe,
  coreset,
  multi_formation: multiFormation,
}
