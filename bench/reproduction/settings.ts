import type { DatasetName, MethodName, Size } from './published.js'
import { habaSettings, mttSettings, neededEpochs, type TrajectorySettings } from './trajectory-settings.js'

/** Settings of one cell, besides its name: what a configuration file says. */
export interface CellSettings {
  readonly config: Readonly<Record<string, unknown>>
  /** What is not as it was published, or not known. */
  readonly note?: string
}

const strategy = 'color_crop_cutout_flip_scale_rotate'
/** Digits are not mirrored, says the readme of DC; the codes of MTT and HaBa mirror them. */
const strategyFor = (dataset: DatasetName) =>
  dataset === 'svhn' || dataset === 'mnist' ? 'color_crop_cutout_scale_rotate' : strategy

/** Constants of CIFAR-100 are its own in the code of DC and CIFAR-10's in all others. */
const data = (dataset: DatasetName, preprocessing: string = dataset) => ({ use: dataset, preprocessing })
const others = (dataset: DatasetName) => (dataset === 'cifar100' ? 'cifar10' : dataset)

const networks = 5
const images = (rate: number) => ({ images: { learningRate: rate, momentum: 0.5 } })

/** Real images alone: the distilled row is random images that do not move. */
export const coresets = (dataset: DatasetName, perClass: Size): CellSettings => ({
  config: {
    data: data(dataset),
    augmentation: strategyFor(dataset),
    set: { use: 'pixels', perClass },
    objective: { use: 'distribution-matching', realPerClass: 1 },
    optimizer: images(0),
    steps: 1,
    evaluate: { protocol: 'dsa', networks },
    compare: { random: true, herding: true, kCenter: true, forgetting: true },
  },
  note: 'how long the network trained that herding and the like choose by was not published: 10 epochs',
})

/** DC and, with an augmentation, DSA: 1000 networks. */
function gradients(dataset: DatasetName, perClass: Size, siamese: boolean): CellSettings {
  const onMnist = { epochs: 1000, augmentation: { use: 'legacy' } }
  return {
    config: {
      data: data(dataset),
      augmentation: siamese ? strategyFor(dataset) : 'none',
      set: { use: 'pixels', perClass, start: siamese ? 'real' : 'noise' },
      objective: { use: 'gradient-matching', loopsFor: perClass },
      optimizer: images(0.1),
      steps: 1000 * perClass,
      evaluate: siamese
        ? { protocol: 'dsa', networks }
        : { protocol: 'dc', networks, ...(dataset === 'mnist' && onMnist) },
      compare: { random: true },
    },
  }
}

/** DCC and, with an augmentation, DSAC: 1000 networks, of 10 steps each even for one image a class. */
const contrastive = (dataset: DatasetName, perClass: Size, siamese: boolean): CellSettings => ({
  config: {
    data: data(dataset, others(dataset)),
    augmentation: siamese ? strategyFor(dataset) : 'none',
    set: { use: 'pixels', perClass },
    objective: { use: 'contrastive-signals', loopsFor: perClass },
    optimizer: images(0.1),
    steps: 1000 * Math.max(10, perClass),
    evaluate: { protocol: siamese ? 'dsa' : 'dc', networks },
    compare: { random: true },
  },
})

/** DD: 30 steps of training on 10 images of a class, one of each a step, for a network as it starts. */
const dd = (dataset: DatasetName, perClass: Size): CellSettings => {
  const adam = { use: 'adam', learningRate: 0.01, betas: [0.5, 0.999], decay: { every: 40 * 49, factor: 0.5 } }
  return {
    config: {
      data: data(dataset, others(dataset)),
      augmentation: 'none',
      set: { use: 'pixels', perClass, start: 'noise' },
      objective: {
        use: 'unrolled-training',
        steps: perClass,
        epochs: 3,
        perClass: 1,
        learningRate: 0.001,
        initial: 'xavier',
      },
      optimizer: { images: adam },
      objectiveOptimizer: { rates: adam },
      steps: 400 * 49,
      evaluate: { protocol: 'dc', networks },
      compare: { random: true },
    },
    note: "published for a relative of AlexNet trained by the learned steps, which the run's own table also holds",
  }
}

/** LD by second order: labels of real images that stay as they are. */
const ld = (dataset: DatasetName, perClass: Size): CellSettings => {
  const [epochs, window] = dataset === 'cifar100' ? [800, 100] : [400, 50]
  const images = dataset === 'mnist' ? 50_000 : 45_000
  return {
    config: {
      data: data(dataset, others(dataset)),
      ...(dataset === 'mnist' && { network: { use: 'lenet' } }),
      augmentation: 'none',
      set: { use: 'pixels', perClass, targets: { start: 'uniform' } },
      objective: {
        use: 'label-distillation',
        batch: Math.min(50, perClass * (dataset === 'cifar100' ? 100 : 10)),
        window: perClass > 10 ? 200 : window,
      },
      optimizer: {
        images: { learningRate: 0, momentum: 0 },
        targets: { use: 'adam', learningRate: 0.001, project: 'simplex' },
      },
      steps: epochs * Math.ceil(images / 1024),
      evaluate: { protocol: 'dc', networks },
      compare: { random: true },
    },
    note: 'published for LeNet (MNIST) and a relative of AlexNet, tested after as many steps of Adam as were best on validation data',
  }
}

/** Squared deviations of pixels: IDC stores them as they are, and a rate there is so many times smaller than here. */
const variance = { cifar10: 0.2 ** 2, svhn: 0.198 ** 2 } as const

/** IDC with `factor`² images in one; with factor 1, IDC-I. */
function idc(dataset: DatasetName, perClass: Size, factor: number): CellSettings {
  const own = dataset as keyof typeof variance
  const mirrored = dataset === 'cifar10' ? 'flip_' : ''
  const changes = (strategy: string) => ({ use: 'siamese', strategy, combine: 'idc' })
  const mixes = !(dataset === 'svhn' && factor === 1 && perClass === 1)
  return {
    config: {
      data: data(dataset),
      augmentation: changes('color_crop_cutout'),
      set: factor === 1 ? { use: 'pixels', perClass } : { use: 'multi-formation', perClass, factor },
      objective: { use: 'idc', networkImages: dataset === 'cifar10' ? 2000 : 500 },
      training: { augmentation: changes('color_crop'), mixing: 'cutmix' },
      optimizer: {
        images: {
          learningRate: Number(((0.005 * (perClass / 10)) / variance[own]).toPrecision(3)),
          momentum: 0.5,
          keep: 'pixels',
          keepEvery: 100,
        },
      },
      steps: 200_000,
      evaluate: {
        protocol: 'idc',
        networks,
        augmentation: changes(`color_crop_${mirrored}scale_rotate`),
        ...(mixes && { mixing: 'cutmix' }),
      },
      compare: { random: true },
    },
    note: 'a step moves all classes at once; published steps move them one after the other',
  }
}

const dm = (dataset: DatasetName, perClass: Size): CellSettings => ({
  config: {
    data: data(dataset),
    augmentation: strategyFor(dataset),
    set: { use: 'pixels', perClass },
    objective: { use: 'distribution-matching', realPerClass: 256 },
    optimizer: images(1),
    steps: 20_000,
    evaluate: { protocol: 'dsa', networks },
    compare: { random: true },
  },
})

const cafe = (dataset: DatasetName, perClass: Size, siamese: boolean): CellSettings => ({
  config: {
    data: data(dataset, others(dataset)),
    augmentation: siamese ? strategyFor(dataset) : 'none',
    set: { use: 'pixels', perClass, start: 'noise' },
    objective: { use: 'cafe', realPerClass: 256, layerWeights: [0.1, 0.1, 1, 1, 1], accumulation: 'as-released' },
    optimizer: images(0.1),
    steps: 20_000,
    evaluate: siamese ? { protocol: 'dsa', networks } : { protocol: 'dc', epochs: 600, networks },
    compare: { random: true },
  },
  note: 'an iteration is one move of the images, and 10 is the least under one of the 2000 published networks',
})

const expertsOf = (folder: string, epochs: number, transform: string) => ({
  folder: `../../../experts/reproduction/${folder}`,
  count: 100,
  epochs,
  transform,
})

/** What MTT and HaBa share. */
function trajectory(dataset: DatasetName, of: TrajectorySettings, epochs: number, transform: string) {
  const folder = [dataset, of.whitened ? 'zca' : 'standard', ...(transform === 'none' ? [] : ['batches'])].join('-')
  const experts = expertsOf(folder, epochs, transform)
  return {
    data: data(dataset, of.whitened ? 'zca' : others(dataset)),
    augmentation: strategy,
    objective: {
      use: 'trajectory-matching',
      experts: experts.folder,
      steps: of.steps,
      expertEpochs: of.expertEpochs,
      maxStartEpoch: of.maxStartEpoch,
      ...(of.batch !== undefined && { batch: of.batch }),
      learningRate: of.learningRate,
    },
    experts,
    compare: { random: true },
  }
}

const noted = ({ inferred }: TrajectorySettings) => (inferred === undefined ? {} : { note: inferred })

function mtt(dataset: Exclude<DatasetName, 'mnist'>, perClass: Size): CellSettings {
  const of = mttSettings[dataset][perClass]
  return {
    config: {
      ...trajectory(dataset, of, neededEpochs(mttSettings[dataset], of.whitened), 'none'),
      set: { use: 'pixels', perClass },
      optimizer: images(of.imageRate),
      objectiveOptimizer: { rate: { learningRate: of.rateRate, momentum: 0.5 } },
      steps: 5000,
      evaluate: { protocol: 'mtt', networks, learningRate: 'learned' },
    },
    ...noted(of),
  }
}

/** Bases that, with five hallucinators, go with so many images a class; a single one needs more than one image's floats. */
const basesFor = (perClass: Size) => Math.max(1, perClass - 1)

function haba(dataset: Exclude<DatasetName, 'mnist'>, perClass: Size, set: object = {}): CellSettings {
  const of = habaSettings[dataset][perClass]
  const moves = { learningRate: of.imageRate, momentum: 0.95 }
  return {
    config: {
      ...trajectory(dataset, of, neededEpochs(habaSettings[dataset], of.whitened), 'batch-standardization'),
      set: { use: 'factorized', basesPerClass: basesFor(perClass), hallucinators: 5, initializer: 'released', ...set },
      games: [{ use: 'adversarial-contrast', cosine: 0.1, task: 1, likelihood: 0.1, contrastive: 0.1 }],
      optimizer: { bases: moves, hallucinators: moves },
      objectiveOptimizer: { rate: { learningRate: of.rateRate, momentum: 0.9, clampBelow: 0.001 } },
      steps: 15_000,
      evaluate: { protocol: 'haba', networks, learningRate: 'learned' },
    },
    ...noted(of),
  }
}

type Settings = (dataset: DatasetName, perClass: Size) => CellSettings
const colored = (make: (dataset: Exclude<DatasetName, 'mnist'>, perClass: Size) => CellSettings) => make as Settings

/** Every method's published settings. */
export const methods: Readonly<Record<MethodName, Settings>> = {
  dd,
  ld,
  dc: (dataset, perClass) => gradients(dataset, perClass, false),
  dsa: (dataset, perClass) => gradients(dataset, perClass, true),
  dcc: (dataset, perClass) => contrastive(dataset, perClass, false),
  dsac: (dataset, perClass) => contrastive(dataset, perClass, true),
  dm,
  cafe: (dataset, perClass) => cafe(dataset, perClass, false),
  'cafe-dsa': (dataset, perClass) => cafe(dataset, perClass, true),
  'idc-i': (dataset, perClass) => idc(dataset, perClass, 1),
  idc: (dataset, perClass) => idc(dataset, perClass, 2),
  mtt: colored(mtt),
  haba: colored(haba),
  'haba-per-class': colored((dataset, perClass) => haba(dataset, perClass, { sharing: 'per-class' })),
  'haba-gray': colored((dataset, perClass) => haba(dataset, perClass, { basesPerClass: 3, basis: [32, 32, 1] })),
}
