export {
  coarseEnough,
  decodeTensors,
  encodeTensors,
  quantizeTensors,
  setCodec,
  type Quantized,
  type Transformed,
} from './codec.js'
export { mostBytesOf, type CodecOptions, type PartOptions } from './options.js'
export { type Patches } from './patches.js'
export { type Quantization, type Scales } from './scales.js'
export { refine, type Refined, type RefineOptions } from './refine.js'
export { rounded } from './rounded.js'
