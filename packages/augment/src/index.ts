export { chain, none } from './chain.js'
export {
  brightness,
  brightnessDraw,
  color,
  contrast,
  contrastDraw,
  saturation,
  saturationDraw,
  type ColorDraw,
  type ColorOptions,
  type StrengthOptions,
} from './color.js'
export { crop, cropDraw, type CropOptions } from './crop.js'
export { cutMix, cutMixBox, cutMixDraw, cutMixRatio, type Box, type MixOptions } from './cut-mix.js'
export { cutout, cutoutDraw, type CutoutDraw, type CutoutOptions } from './cutout.js'
export { flip, flipDraw, type FlipOptions } from './flip.js'
export { fromStrategy } from './from-strategy.js'
export { idcOrder } from './idc-order.js'
export {
  legacy,
  legacyCrop,
  legacyNoise,
  legacyRotate,
  legacyScale,
  type LegacyDraw,
  type LegacyOperation,
} from './legacy.js'
export { type LinearDraw } from './linear-map.js'
export { type MixDraw } from './mixing.js'
export { mixUp, mixUpDraw } from './mix-up.js'
export { oneOf, type OneOfDraw } from './one-of.js'
export { rotate, rotateDraw, type RotateOptions, type RotateDraw } from './rotate.js'
export { scale, scaleDraw, type ScaleOptions } from './scale.js'
