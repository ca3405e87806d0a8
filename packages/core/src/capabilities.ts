import type { HasLearningRateScale, Prescribes } from './spec/objective.js'

/** Whether steps are not the optimizer's own: `hasLearningRateScale(objective) ? objective.learningRateScale(state) : 1`. */
export const hasLearningRateScale = <O extends object>(objective: O): objective is O & HasLearningRateScale =>
  'learningRateScale' in objective && typeof objective.learningRateScale === 'function'

/** Whether an objective prescribes how networks are trained on its set; any training will do where it does not. */
export const prescribes = <O extends object>(objective: O): objective is O & Prescribes =>
  'prescribe' in objective && typeof objective.prescribe === 'function'
