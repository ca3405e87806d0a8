export {
  decodeTensors,
  encodeTensors,
  mostBytesOf,
  quantizeTensors,
  setCodec,
  type CodecOptions,
  type PartOptions,
  type Quantized,
} from './codec.js'
export { type Patches } from './patches.js'
export { type Quantization, type Scales } from './scales.js'
export { refine, type Refined, type RefineOptions } from './refine.js'
export { rounded } from './rounded.js'
