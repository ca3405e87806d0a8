/** The axes of the map: its cells are their product. */

export const objectives = ['dm', 'dsa', 'mtt'] as const
export type Objective = (typeof objectives)[number]

export const parameterizations = [
  'pixels',
  'multi-formation',
  'haba-released',
  'haba-repaired',
  'fred',
  'rtp',
  'gaussians',
  'low-rank',
] as const
export type Parameterization = (typeof parameterizations)[number]

/** Bits of a stored value, 32: without a codec; or `dct`: coefficients, rounded until they fit into the bytes. */
export const codecs = [32, 8, 4, 'dct'] as const
export type Codec = (typeof codecs)[number]

/** Parameterizations that store images, whose coefficients can be rounded. */
export const transformable: ReadonlySet<Parameterization> = new Set(['pixels', 'multi-formation', 'haba-repaired'])

/** Bytes, in fp32 images a class. */
export const budgets = [1, 10] as const
export type Budget = (typeof budgets)[number]

export const datasets = ['mnist', 'cifar10'] as const
export type DatasetName = (typeof datasets)[number]

/** Images of a dataset. */
export const shapes = {
  mnist: { image: [28, 28, 1], classes: 10 },
  cifar10: { image: [32, 32, 3], classes: 10 },
} as const

/**
 * Blocks that are transformed, the step they begin with, and how many bytes a value is planned to take: 0.4 and 0.3 bits
 * leave digits and photographs as clear as JPEG of middling quality does.
 */
export const coefficients = {
  mnist: { block: 2, step: 0.25, bytesPerValue: 1 / 20 },
  cifar10: { block: 8, step: 0.25, bytesPerValue: 1 / 25 },
} as const

/** What tables call them. */
export const titles: Readonly<Record<Objective | Parameterization | DatasetName, string>> = {
  dm: 'DM',
  dsa: 'DSA',
  mtt: 'MTT',
  pixels: 'pixels',
  'multi-formation': 'multi-formation (IDC)',
  'haba-released': 'HaBa, released',
  'haba-repaired': 'HaBa, repaired',
  fred: 'FreD',
  rtp: 'RTP',
  gaussians: 'Gaussians',
  'low-rank': 'low rank',
  mnist: 'MNIST',
  cifar10: 'CIFAR-10 (JPEG copy)',
}

/**
 * The most bytes that a set may take: so many fp32 images of every class, each with a label of one byte, and one learned step
 * size, so that plain pixels fill it exactly under an objective that learns one.
 */
export function bytesAllowed(dataset: DatasetName, imagesPerClass: number): number {
  const { image, classes } = shapes[dataset]
  const [height, width, channels] = image
  return imagesPerClass * classes * (4 * height * width * channels + 1) + 4
}
