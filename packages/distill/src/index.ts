export {
  distill,
  drawRealImages,
  initialSet,
  startDistilling,
  type DistillReport,
  type DistillSpec,
  type DistillState,
} from './distill.js'
export { expand } from './expand.js'
export { fit, startFitting, type FitReport, type FitSpec, type FitState } from './fit.js'
export { bind, differentiate, type DifferentiatedObjective, type ObjectiveGradient } from './gradient.js'
export { differentiationWithin, estimateMemory, type Memory, type MemoryEstimate } from './memory.js'
export { recompute, store, type CompiledStep, type Differentiation, type Step, type StepGradient } from './stepper.js'
export { tesla, teslaReleased } from './tesla.js'
