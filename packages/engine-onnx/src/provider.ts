import type { InferenceSession } from 'onnxruntime-node'

/** Where onnxruntime runs operators. */
export type Provider = 'cpu' | 'webgpu' | 'cuda'

/** How a provider wants programs said: facts about its kernels, read by the lowerings. */
export interface Traits {
  /** A convolution with the channels of x side by side in its rows (one matrix product on a CPU), or as the batch. */
  readonly filterGradient: 'inRows' | 'asBatch'
  /** Filters of 3 × 3 pixels: in tiles where that is quicker (Winograd's way, `lower/winograd.ts`), or all as defined. */
  readonly convolutions: 'tiled' | 'direct'
  /** A convolution to small maps: the batch at once, as a depth of one image, or image by image. */
  readonly smallMaps: 'together' | 'each'
  /** Batches of matrices stored transposed: read so by `FusedMatMul`, or transposed first. */
  readonly transposedBatches: 'read' | 'transposed'
  /** Averages of windows that tile the height: as a product with a matrix, or by the operator for them. */
  readonly pooling: 'product' | 'operator'
  /** Sums along rows of a product: rows times rows as matrices, or the product written and summed. */
  readonly rowSums: 'matMul' | 'reduceSum'
  /** `step` by the steepest `HardSigmoid` there is, or by a comparison and a cast. WGSL leaves overflow undefined. */
  readonly step: 'hardSigmoid' | 'greater'
  /** `sign` by its operator, or as the difference of two comparisons. */
  readonly sign: 'sign' | 'greater'
  /** Batches are computed in parts whose largest array has so many bytes; infinite: as they are. */
  readonly partBytes: number
}

interface ProviderFacts {
  readonly traits: Traits
  /** What its sessions take besides what all take. */
  readonly session: InferenceSession.SessionOptions
  /** What to do where it does not run. */
  readonly install: string
}

const onGpu: Traits = {
  filterGradient: 'asBatch',
  convolutions: 'direct',
  smallMaps: 'each',
  transposedBatches: 'transposed',
  pooling: 'operator',
  rowSums: 'reduceSum',
  step: 'greater',
  sign: 'greater',
  partBytes: Infinity,
}

/** What is known of each provider. */
export const providers: Readonly<Record<Provider, ProviderFacts>> = {
  cpu: {
    traits: {
      filterGradient: 'inRows',
      convolutions: 'tiled',
      smallMaps: 'together',
      transposedBatches: 'read',
      pooling: 'product',
      rowSums: 'matMul',
      step: 'hardSigmoid',
      sign: 'sign',
      // Measured with two cores that have 2 MiB of their own each: 4 to 8 MiB are best, 16 nearly so. It does not follow the
      // number of threads: a sum over parts would then be rounded differently on every machine.
      partBytes: 8 * 2 ** 20,
    },
    session: { executionProviders: ['cpu'] },
    install: 'Reinstall onnxruntime-node for this platform.',
  },
  webgpu: {
    traits: onGpu,
    // Channels first as our layouts are; its own channels-last kernel computes wrongly for 6 and 9 channels to 4.
    session: { executionProviders: [{ name: 'webgpu', preferredLayout: 'NCHW' }] },
    install:
      'Use a machine with a GPU and its driver (on Linux for x64 with Vulkan: install libvulkan1 and the driver), ' +
      'or software Vulkan such as SwiftShader, named by VK_DRIVER_FILES.',
  },
  cuda: {
    traits: { ...onGpu, transposedBatches: 'read', sign: 'sign' },
    session: { executionProviders: ['cuda'] },
    install:
      'On Linux for x64 with CUDA 12 and cuDNN 9, run ' +
      '"ONNXRUNTIME_NODE_INSTALL=cuda12 node node_modules/onnxruntime-node/script/install.js".',
  },
}
