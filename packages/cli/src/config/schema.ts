import type { OptionsSchema } from '@haba/core'
import { selectionNames, selections } from '../plugins/selections.js'

/** @param most more would take longer than anyone waits */
const count = (description: string, byDefault?: number, most = 1e9) => ({
  type: 'integer',
  minimum: 1,
  maximum: most,
  description,
  ...(byDefault !== undefined && { default: byDefault }),
})

/** A name, or `{ "use": name, … }`; what it may be is checked with the plugins' tables. */
const named = (description: string, byDefault?: string) => ({
  anyOf: [{ type: 'string', minLength: 1 }, { type: 'object' }],
  description,
  ...(byDefault !== undefined && { default: byDefault }),
})

const learningRate = { type: 'number', minimum: 0, description: 'step size' }
const unit = { type: 'number', minimum: 0, exclusiveMaximum: 1 }
const momentum = { ...unit, default: 0, description: "of SGD, PyTorch's" }
const use = { enum: ['sgd', 'adam'], default: 'sgd', description: 'optimizer of the part' }
const betas = {
  type: 'array',
  items: unit,
  minItems: 2,
  maxItems: 2,
  description: "of Adam's mean and mean square (default: [0.9, 0.999])",
}
const decay = {
  type: 'object',
  properties: {
    every: { type: 'integer', minimum: 1, description: 'steps between two drops' },
    factor: { type: 'number', exclusiveMinimum: 0, maximum: 1, description: 'of the step size at each drop' },
  },
  required: ['every', 'factor'],
  additionalProperties: false,
  description: 'how the step size falls (default: not at all)',
}
const project = {
  enum: ['simplex', 'pixels'],
  description:
    'simplex: rows are clamped to [0, 1] and divided by their sums after each step; pixels: images stay between black and white (default: they move anywhere)',
}
const projectEvery = {
  type: 'integer',
  minimum: 1,
  description: "steps from one clamp of pixels to the next; IDC's released code clamps once a network (default: 1)",
}
const boundary = {
  type: 'number',
  minimum: 0,
  description:
    'weight of a loss that keeps the part between -1 and 1, for example 0.1 for centers of Gaussians (default: none)',
}
const clampBelow = { type: 'number', description: 'the part never falls below it' }
const clipNorm = (byDefault: string) => ({
  type: 'number',
  exclusiveMinimum: 0,
  description: `largest norm of the set's gradient over all parts; larger gradients are scaled down to it (default: ${byDefault})`,
})
const optimizers = (description: string) => ({
  type: 'object',
  minProperties: 1,
  additionalProperties: {
    type: 'object',
    properties: { use, learningRate, momentum, betas, decay, project, projectEvery, clampBelow, boundary },
    required: ['learningRate'],
    additionalProperties: false,
  },
  description,
})

const section = (description: string, { properties, required = [] }: Omit<OptionsSchema, 'type'>) => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
  description,
})

/** The protocols that sets can be measured under. */
export const protocolNames = ['dc', 'dsa', 'mtt', 'haba', 'idc', 'rtp', 'ours'] as const

/** Options of the section "evaluate". */
export const evaluateSchema: OptionsSchema = {
  type: 'object',
  properties: {
    protocol: {
      enum: [...protocolNames],
      default: 'dsa',
      description:
        'as in the released codes: SGD with momentum 0.9 and a falling rate (constant in rtp); haba also standardizes batches; ours is dsa ' +
        'with checkpoint and rate chosen on validation data, before the test set is used',
    },
    networks: count('fresh networks', 5, 10_000),
    batch: count('images a step (default: 64 for idc, 640 for rtp, else 256)'),
    epochs: count(
      'passes over the set; all but idc and rtp train one more, like the released codes (default: 300 for dc and rtp, else 1000)',
    ),
    learningRate: {
      anyOf: [{ type: 'number', exclusiveMinimum: 0 }, { enum: ['learned'] }],
      default: 0.01,
      description: "step size, or the set's learned one",
    },
    augmentation: named("how training batches are changed (default: the configuration's)"),
    mixing: named("how images and targets of a batch are then mixed, such as IDC's cutmix (default: not at all)"),
    validation: {
      type: 'number',
      exclusiveMinimum: 0,
      exclusiveMaximum: 1,
      default: 0.1,
      description: 'of ours: the share of every class of the training data that is held out',
    },
    learningRates: {
      type: 'array',
      items: { type: 'number', exclusiveMinimum: 0 },
      minItems: 1,
      default: [0.003, 0.01, 0.03],
      description: 'of ours: step sizes to choose from, besides a learned one',
    },
    trialNetworks: count('of ours: fresh networks that each choice is tried with', 1, 10_000),
  },
}

/** Options of the section "compare". */
const compareSchema: OptionsSchema = {
  type: 'object',
  properties: {
    networks: {
      type: 'array',
      items: named('a network, such as mlp'),
      default: [],
      description: 'further networks that all rows are measured with, under the same protocol',
    },
    random: {
      type: 'boolean',
      default: true,
      description: 'random real images, as many as fit into the bytes of the set',
    },
    ...Object.fromEntries(
      selectionNames.map((name) => [
        name,
        { type: 'boolean', default: false, description: `${selections[name].summary}, as many as fit` },
      ]),
    ),
    qualities: {
      type: 'array',
      items: { type: 'integer', minimum: 1, maximum: 100 },
      default: [10, 30, 75],
      description:
        'of JPEG: real images are also stored in one JPEG, at the quality of these that trains the best network; empty: as uint8 only',
    },
    selection: {
      ...section('the training on all images that herding and similar selections use', {
        properties: {
          epochs: count('passes over the training data', 10),
          learningRate: { type: 'number', exclusiveMinimum: 0, default: 0.01, description: 'step size' },
        },
      }),
      default: {},
    },
    pixels: section(
      'plain images of as many bytes, distilled with the same objective and stored by the same codec (default: left out)',
      {
        properties: {
          optimizer: optimizers('of "images"'),
          perClass: count(
            'images a class, where coefficients are rounded until they fit (default: as many values as the set)',
          ),
          objectiveOptimizer: optimizers("of what the objective learns (default: the configuration's)"),
          clipNorm: clipNorm("the configuration's"),
          steps: count("of distillation (default: the configuration's)"),
        },
        required: ['optimizer'],
      },
    ),
    start: {
      type: 'boolean',
      default: false,
      description: 'also the set before distillation, stored in the same way: shows what distillation adds',
    },
    fullData: section('all of the training data, for scale (default: left out)', {
      properties: {
        epochs: count("passes over the data (default: the evaluation's)"),
        networks: count('fresh networks', 1, 10_000),
      },
    }),
  },
}

/** Options of "targets" in a set. */
const targetsSchema: Omit<OptionsSchema, 'type'> = {
  properties: {
    start: {
      enum: ['hard', 'uniform', 'expert'],
      default: 'hard',
      description: "where soft labels start: one-hot, uniform, or an expert's prediction",
    },
    assigned: {
      enum: ['once', 'at-the-end'],
      default: 'once',
      description:
        'when the expert predicts: from the first images, or again from the final ones, for an objective with "labels": "experts"',
    },
    stored: {
      enum: ['probabilities', 'logits'],
      default: 'probabilities',
      description: 'what is stored and learned, as the part "targets"',
    },
    expert: { type: 'integer', minimum: 0, default: 0, description: 'which one' },
    epoch: { type: 'integer', minimum: 0, description: 'of the expert (default: its last)' },
  },
}

/** Options of the section "experts". */
export const expertsSchema: OptionsSchema = {
  type: 'object',
  properties: {
    folder: { type: 'string', format: 'path', description: "where they are kept (default: the objective's)" },
    count: count('trainings to record', 100, 100_000),
    epochs: count('of each, in passes over the training data', 50),
    learningRate: { type: 'number', exclusiveMinimum: 0, default: 0.01, description: 'step size, constant' },
    batch: count('images a step', 256),
    transform: {
      enum: ['none', 'batch-standardization'],
      default: 'none',
      description: "done to every batch first; batch-standardization is HaBa's",
    },
    augmentation: named("how training batches are changed (default: the configuration's)"),
  },
}

/** Options of the section "training". */
const trainingSchema: Omit<OptionsSchema, 'type'> = {
  properties: {
    augmentation: named('how batches of real images are changed (default: not at all)'),
    mixing: named('how images and targets of a batch are then mixed (default: not at all)'),
  },
}

/** What can differ from part to part of a coded set. */
const codedPart = {
  bits: {
    enum: [1, 2, 3, 4, 5, 6, 7, 8, 16, 32],
    description: 'of a value: 1 … 8 with shared scales, 16 as float16, 32 as it is',
  },
  patch: {
    type: 'integer',
    minimum: 1,
    maximum: 255,
    description: 'side of the squares that share a scale, in values',
  },
  groups: {
    type: 'integer',
    minimum: 0,
    maximum: 65_536,
    description: 'scales and offsets that the patches of a tensor share; 0: each has its own',
  },
  transform: {
    enum: ['none', 'dct'],
    description:
      'dct rounds the coefficients of a cosine transform of each block, as JPEG does, instead of values; bits, patch and groups then serve only tensors that are no images. Needs "bytes"',
  },
  block: { type: 'integer', minimum: 1, maximum: 64, description: 'largest side of a block that is transformed' },
  step: {
    type: 'number',
    exclusiveMinimum: 0,
    description: "from one level of a coefficient to the next, in standard deviations of the tensor's values",
  },
}

/** Options of the section "codec". */
const codecSchema: OptionsSchema = {
  type: 'object',
  properties: {
    bits: { ...codedPart.bits, default: 4 },
    patch: { ...codedPart.patch, default: 5 },
    groups: { ...codedPart.groups, default: 16 },
    transform: { ...codedPart.transform, default: 'none' },
    block: { ...codedPart.block, default: 8 },
    step: { ...codedPart.step, default: 0.5 },
    bytes: count(
      'that the set takes at most: steps of coefficients are made coarser until it does (default: no limit)',
    ),
    refine: {
      type: 'integer',
      minimum: 0,
      default: 0,
      description:
        'steps that change levels so that random networks see less of the rounding; a few hundred are enough',
    },
    during: {
      type: 'number',
      minimum: 0,
      maximum: 1,
      default: 0,
      description: 'share of the run, at its end, in which the rounded set is distilled, for example 0.33',
    },
    parts: {
      type: 'object',
      default: {},
      additionalProperties: { type: 'object', properties: codedPart, additionalProperties: false },
      description: 'other options for some tensors, by the beginning of their names, such as hallucinators',
    },
  },
}

/** All that a configuration file may say. */
export const configSchema: OptionsSchema = {
  type: 'object',
  properties: {
    name: { type: 'string', pattern: '^[\\w.-]+$', description: 'names the run folder: letters, digits, _ . -' },
    seed: {
      type: 'integer',
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      default: 0,
      description: 'of all random numbers of a run',
    },
    engine: named('what runs the computation', 'onnx'),
    plugins: {
      type: 'array',
      items: { type: 'string', minLength: 1 },
      default: [],
      description: 'packages that export ./plugin, or paths of files that export `plugin`',
    },
    data: named('the images'),
    network: named('what is trained on them'),
    augmentation: named('how batches are changed: a name, or words such as color_crop_cutout', 'none'),
    set: {
      ...named('what is stored, and how it becomes images'),
      properties: {
        of: named('another set that this one is made of, such as the bases of factorized (default: its own)'),
        targets: section('soft labels, stored with the set (default: one-hot, and not stored)', targetsSchema),
      },
    },
    objective: named('the loss that compares the set with real data'),
    training: section('how an objective that trains networks on real images (idc) does so', trainingSchema),
    games: {
      type: 'array',
      items: named("a game; `network` is its critic (default: the configuration's network)"),
      default: [],
      description: 'additional losses with a critic',
    },
    optimizer: optimizers('rate and momentum for each part of the set, such as bases and hallucinators, or images'),
    objectiveOptimizer: optimizers(
      'the same for what the objective learns, such as "rate" (default: it stays constant)',
    ),
    clipNorm: clipNorm('any'),
    differentiation: {
      enum: ['recompute', 'store', 'tesla', 'tesla-released'],
      default: 'recompute',
      description:
        "how trajectories are differentiated. recompute: exact, in the memory of one step; store: exact, keeps every step's values; tesla: truncated, as in the paper; tesla-released: truncated, as in its code",
    },
    memory: {
      anyOf: [{ enum: ['least', 'fastest'] }, { type: 'integer', minimum: 1 }],
      description:
        'of a step: "least", "fastest", or the fastest within this many bytes; chooses between recompute and store (default: `differentiation`)',
    },
    steps: count('of distillation'),
    checkpointEvery: count('steps', 100),
    diverged: section(
      'if a loss, gradient or parameter is not finite: go back to the last checkpoint and continue with lower rates (default: stop with exit code 3)',
      {
        properties: {
          lowerRates: {
            type: 'number',
            exclusiveMinimum: 0,
            exclusiveMaximum: 1,
            default: 0.5,
            description: 'by which all rates are multiplied',
          },
          times: count('that rates are lowered; then the run stops', 3),
        },
      },
    ),
    evaluate: { ...section('how sets are measured', evaluateSchema), default: {} },
    compare: { ...section('what the set is compared with, at equal stored bytes', compareSchema), default: {} },
    experts: section('recorded trainings, for `haba experts`', expertsSchema),
    codec: section('how the finished set is stored in few bits (default: 32-bit numbers)', codecSchema),
  },
  required: ['name', 'data', 'network', 'set', 'objective', 'optimizer', 'steps'],
}
