import type { HasLearningRateScale, Prescribes } from './spec/objective.js'

/** Whether an objective scales the optimizer's steps: `hasLearningRateScale(objective) ? objective.learningRateScale(state) : 1`. */
export const hasLearningRateScale = <O extends object>(objective: O): objective is O & HasLearningRateScale =>
  'learningRateScale' in objective && typeof objective.learningRateScale === 'function'

/** Whether an objective prescribes how networks are trained on its set. Without a prescription any training will do. */
export const prescribes = <O extends object>(objective: O): objective is O & Prescribes =>
  'prescribe' in objective && typeof objective.prescribe === 'function'
