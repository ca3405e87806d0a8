import { type ImageShape, type Preprocessing } from '@haba/core'
import { demoUses } from './demo-uses.test-data.js'
import type { Metrics } from './metrics.js'
import { encodePicture, type Pixels } from './picture.js'
import type { GallerySlot, RunPage } from './run-data.js'
import { toPixels } from './to-pixels.js'

const image: ImageShape = [32, 32, 3]
const names = 'airplane automobile bird cat deer dog frog horse ship truck'.split(' ')
const views = 5

/** A preprocessing like per-channel standardization. */
export const preprocessing: Preprocessing = {
  name: 'standardize',
  settings: { mean: [0.5], std: [0.25] },
  apply: (pixels) => pixels.map((value) => (value - 0.5) / 0.25),
  invert: (values) => values.map((value) => 0.25 * value + 0.5),
}

const noise = (n: number) => (((Math.sin(n * 12.9898) * 43758.5453) % 1) + 1) % 1

/** Blobs and stripes that resemble a distilled image: `[height × width × channels]`. */
function invented(seed: number, view: number, [height, width, channels]: ImageShape, sharpness = 1): Float32Array {
  return Float32Array.from({ length: height * width * channels }, (_, at) => {
    const channel = at % channels
    const x = (Math.floor(at / channels) % width) / width
    const y = Math.floor(at / channels / width) / height
    const [fx, fy, phase] = [2 + 7 * noise(seed), 2 + 7 * noise(seed + 40), 6 * noise(seed + 80 + channel)]
    const blob = 2.4 * Math.exp(-9 * ((x - 0.3 - 0.4 * noise(seed + 7)) ** 2 + (y - 0.4 - 0.2 * noise(seed + 9)) ** 2))
    const tint = view < 0 ? 0 : 1.2 * (noise(view * 31 + channel) - 0.5)
    const grain = 0.7 * (noise(at + 1000 * seed + 77 * view) - 0.5)
    return (
      sharpness *
        (Math.sin(fx * x * 3 + phase) * Math.cos(fy * y * 3) + blob * (channel === seed % 3 ? 1 : -0.4) + tint) +
      grain
    )
  })
}

/** Rows of the picture grid: bases of half size and one channel, beside their images. */
function demoRows(slots: number): { label: string; basis: Pixels; views: readonly Pixels[] }[] {
  return Array.from({ length: slots }, (_, slot) => ({
    label: names[slot % names.length]!,
    basis: toPixels({ values: invented(slot, -1, [16, 16, 1]), image: [16, 16, 1] }).rows[0]!,
    views: Array.from(
      { length: views },
      (_, view) => toPixels({ values: invented(slot, view, image), image, invert: preprocessing.invert }).rows[0]!,
    ),
  }))
}

function demoMetrics(steps: number): readonly Metrics[] {
  return Array.from({ length: steps }, (_, at) => ({
    step: at + 1,
    loss: 0.62 * (0.55 + 0.45 * Math.exp(-at / 500)) * (0.92 + 0.16 * noise(at)),
    apart: 9 * Math.exp(-at / 300) + 0.08 + 0.05 * noise(at + 3),
    together: 0.9 * Math.exp(-at / 800) + 0.2 * noise(at + 5),
    stepSize: 0.01 + 0.008 * (1 - Math.exp(-at / 900)),
  }))
}

async function demoGallery(slots: number): Promise<readonly GallerySlot[]> {
  return Promise.all(
    demoRows(slots).map(async ({ label, basis, views }, slot) => ({
      className: label,
      slot,
      basis: await encodePicture(basis),
      views: await Promise.all(views.map(encodePicture)),
    })),
  )
}

/** A page of invented but plausible numbers. */
export async function demoRun(change: Partial<RunPage> = {}): Promise<RunPage> {
  const snapshot = async (slot: number) => ({
    className: names[slot]!,
    slot,
    view: 0,
    frames: await Promise.all(
      [0, 100, 250, 500, 1000, 1500, 2000].map(async (step) => {
        const values = invented(slot, 0, image, 0.15 + 0.85 * (1 - Math.exp(-step / 600)))
        return {
          step,
          picture: await encodePicture(toPixels({ values, image, invert: preprocessing.invert }).rows[0]!),
        }
      }),
    ),
  })
  return {
    title: 'CIFAR-10, 9 bases per class and 5 hallucinators',
    summary:
      'CIFAR-10 (50,000 images) distilled with HaBa on trajectory matching, with the adversarial contrastive game, for a budget of 10 images per class.',
    key: '5f3c9a0211d47e86',
    accuracies: [
      {
        name: 'this set',
        role: 'set',
        floats: 304_320,
        bytes: 1_219_968,
        mean: 0.6927,
        std: 0.0038,
        runs: 5,
        note: '90 bases, 5 views each',
      },
      { name: 'trajectory matching, pixels', floats: 307_200, bytes: 1_228_912, mean: 0.6531, std: 0.0072, runs: 5 },
      {
        name: 'random real images',
        floats: 307_200,
        bytes: 1_228_912,
        mean: 0.2604,
        std: 0.0121,
        runs: 5,
        note: '10 per class',
      },
      { name: 'whole training set', floats: 153_600_000, bytes: 614_400_000, mean: 0.8479, std: 0.0013, runs: 3 },
    ],
    storage: {
      parts: [
        { name: 'bases', floats: 276_480, bytes: 1_105_920 },
        { name: 'hallucinators.encode', floats: 2_240, bytes: 8_960 },
        { name: 'hallucinators.scale', floats: 11_520, bytes: 46_080 },
        { name: 'hallucinators.shift', floats: 11_520, bytes: 46_080 },
        { name: 'hallucinators.decode', floats: 2_560, bytes: 12_928 },
      ],
      floats: 304_320,
      bits: 9_759_744,
      bytes: 1_219_968,
      budget: { name: '10 images per class', bytes: 1_228_800 },
    },
    gallery: { slots: await demoGallery(20), stored: 90, caption: 'Images: preprocessing undone, clamped to [0, 1]' },
    metrics: demoMetrics(2000),
    evaluations: [0, 250, 500, 1000, 1500, 2000].map((step) => ({
      step,
      mean: 0.7 - 0.42 * Math.exp(-step / 420),
      std: 0.006 + 0.01 * noise(step),
    })),
    snapshots: await Promise.all([0, 3, 8].map(snapshot)),
    uses: demoUses('this set'),
    settings: {
      protocol: {
        name: 'mtt',
        epochs: 1000,
        batch: 256,
        learningRate: 0.0178,
        augmentation: ['color', 'crop', 'cutout', 'flip', 'scale', 'rotate'],
        standardize: null,
      },
      objective: {
        name: 'trajectoryMatching',
        expertEpochs: 2,
        studentSteps: 20,
        maxStartEpoch: 15,
        gradient: { kind: 'recomputed' },
      },
      game: { name: 'adversarialContrast', weight: 0.1, temperature: 0.1 },
      optimizer: {
        bases: { kind: 'sgd', rate: 100, momentum: 0.5 },
        hallucinators: { kind: 'sgd', rate: 0.01, momentum: 0.5 },
      },
    },
    versions: { '@haba/cli': '0.1.0', '@haba/core': '0.1.0', '@tensorflow/tfjs-core': '4.22.0', node: '20.20.2' },
    ...change,
  }
}
