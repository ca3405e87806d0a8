import type { PartOptions } from '@haba/codec'
import { positive, tuple, Type, weight, type Static } from '@haba/core/options'
import { selections, type SelectionName } from '../plugins/selections.js'
import type { Tables } from '../plugins/tables.js'

/** Something chosen by name, with its options: `{ "use": "mnist" }`. */
export interface Named {
  readonly use: string
  readonly [option: string]: unknown
}

/** @param most more would take longer than anyone waits */
export const count = (description: string, byDefault?: number, most = 1e9) =>
  Type.Integer({
    minimum: 1,
    maximum: most,
    description,
    ...(byDefault !== undefined && { default: byDefault }),
  })

export const nameOrOptions = { anyOf: [{ type: 'string', minLength: 1 }, { type: 'object' }] }
/** A name in the plugins' table of that kind, or `{ "use": name, … }`, which it is once it is looked up. */
export const named = (kind: keyof Tables, description: string, byDefault?: string) =>
  Type.Unsafe<Named>({ ...nameOrOptions, kind, description, ...(byDefault !== undefined && { default: byDefault }) })

const share = { minimum: 0, exclusiveMaximum: 1 }
const optimizer = Type.Object(
  {
    use: Type.Enum(['sgd', 'adam'], { default: 'sgd', description: 'optimizer of the part' }),
    learningRate: weight('step size'),
    momentum: Type.Number({ ...share, default: 0, description: "of SGD, PyTorch's" }),
    betas: Type.Optional(
      tuple<readonly [number, number]>(2, Type.Number(share), {
        description: "of Adam's mean and mean square (default: [0.9, 0.999])",
      }),
    ),
    decay: Type.Optional(
      Type.Object(
        {
          every: Type.Integer({ minimum: 1, description: 'steps between two drops' }),
          factor: Type.Number({ exclusiveMinimum: 0, maximum: 1, description: 'of the step size at each drop' }),
        },
        { additionalProperties: false, description: 'how the step size falls (default: not at all)' },
      ),
    ),
    project: Type.Optional(
      Type.Enum(['simplex', 'pixels'], {
        description:
          'simplex: rows are clamped to [0, 1] and divided by their sums after each step; pixels: images stay between black and white (default: they move anywhere)',
      }),
    ),
    projectEvery: Type.Optional(
      Type.Integer({
        minimum: 1,
        description:
          "steps from one clamp of pixels to the next; IDC's released code clamps once a network (default: 1)",
      }),
    ),
    clampBelow: Type.Optional(Type.Number({ description: 'the part never falls below it' })),
    boundary: Type.Optional(
      weight(
        'weight of a loss that keeps the part between -1 and 1, for example 0.1 for centers of Gaussians (default: none)',
      ),
    ),
  },
  { additionalProperties: false },
)
export const optimizers = (description: string) =>
  Type.Unsafe<Record<string, Static<typeof optimizer>>>({
    type: 'object',
    minProperties: 1,
    additionalProperties: optimizer,
    description,
  })
export const clipNorm = (byDefault: string) =>
  Type.Optional(
    positive(
      `largest norm of the set's gradient over all parts; larger gradients are scaled down to it (default: ${byDefault})`,
    ),
  )

/** @param more such as a default */
export const section = (description: string, more: { readonly default?: object } = {}) => ({
  additionalProperties: false,
  description,
  ...more,
})

/** The protocols that sets can be measured under. */
export const protocolNames = ['dc', 'dsa', 'mtt', 'haba', 'idc', 'rtp', 'ours'] as const

/** Options of the section "evaluate". */
export const evaluateSchema = Type.Object({
  protocol: Type.Enum(protocolNames, {
    default: 'dsa',
    description:
      'as in the released codes: SGD with momentum 0.9 and a falling rate (constant in rtp); haba also standardizes batches; ours is dsa ' +
      'with checkpoint and rate chosen on validation data, before the test set is used',
  }),
  networks: count('fresh networks', 5, 10_000),
  batch: Type.Optional(count('images a step (default: 64 for idc, 640 for rtp, else 256)')),
  epochs: Type.Optional(
    count(
      'passes over the set; all but idc and rtp train one more, like the released codes (default: 300 for dc and rtp, else 1000)',
    ),
  ),
  learningRate: Type.Union([positive(), Type.Enum(['learned'])], {
    default: 0.01,
    description: "step size, or the set's learned one",
  }),
  augmentation: Type.Optional(
    named('augmentations', "how training batches are changed (default: the configuration's)"),
  ),
  mixing: Type.Optional(
    named('mixings', "how images and targets of a batch are then mixed, such as IDC's cutmix (default: not at all)"),
  ),
  validation: Type.Number({
    exclusiveMinimum: 0,
    exclusiveMaximum: 1,
    default: 0.1,
    description: 'of ours: the share of every class of the training data that is held out',
  }),
  learningRates: Type.Array(positive(), {
    minItems: 1,
    default: [0.003, 0.01, 0.03],
    description: 'of ours: step sizes to choose from, besides a learned one',
  }),
  trialNetworks: count('of ours: fresh networks that each choice is tried with', 1, 10_000),
})

const chosenBy = (name: SelectionName) =>
  Type.Boolean({ default: false, description: `${selections[name].summary}, as many as fit` })

/** Options of the section "compare". */
export const compareSchema = Type.Object(
  {
    networks: Type.Array(named('networks', 'a network, such as mlp'), {
      default: [],
      description: 'further networks that all rows are measured with, under the same protocol',
    }),
    random: Type.Boolean({
      default: true,
      description: 'random real images, as many as fit into the bytes of the set',
    }),
    ...({
      herding: chosenBy('herding'),
      kCenter: chosenBy('kCenter'),
      forgetting: chosenBy('forgetting'),
      kMeans: chosenBy('kMeans'),
    } satisfies Record<SelectionName, unknown>),
    qualities: Type.Array(Type.Integer({ minimum: 1, maximum: 100 }), {
      default: [10, 30, 75],
      description:
        'of JPEG: real images are also stored in one JPEG, at the quality of these that trains the best network; empty: as uint8 only',
    }),
    selection: Type.Object(
      {
        epochs: count('passes over the training data', 10),
        learningRate: positive('step size', 0.01),
      },
      section('the training on all images that herding and similar selections use', { default: {} }),
    ),
    pixels: Type.Optional(
      Type.Object(
        {
          optimizer: optimizers('of "images"'),
          perClass: Type.Optional(
            count('images a class, where coefficients are rounded until they fit (default: as many values as the set)'),
          ),
          objectiveOptimizer: Type.Optional(optimizers("of what the objective learns (default: the configuration's)")),
          clipNorm: clipNorm("the configuration's"),
          steps: Type.Optional(count("of distillation (default: the configuration's)")),
        },
        section(
          'plain images of as many bytes, distilled with the same objective and stored by the same codec (default: left out)',
        ),
      ),
    ),
    start: Type.Boolean({
      default: false,
      description: 'also the set before distillation, stored in the same way: shows what distillation adds',
    }),
    fullData: Type.Optional(
      Type.Object(
        {
          epochs: Type.Optional(count("passes over the data (default: the evaluation's)")),
          networks: count('fresh networks', 1, 10_000),
        },
        section('all of the training data, for scale (default: left out)'),
      ),
    ),
  },
  section('what the set is compared with, at equal stored bytes', { default: {} }),
)

/** Options of "targets" in a set. */
export const targetsSchema = Type.Object(
  {
    start: Type.Enum(['hard', 'uniform', 'expert'], {
      default: 'hard',
      description: "where soft labels start: one-hot, uniform, or an expert's prediction",
    }),
    assigned: Type.Enum(['once', 'at-the-end'], {
      default: 'once',
      description:
        'when the expert predicts: from the first images, or again from the final ones, for an objective with "labels": "experts"',
    }),
    stored: Type.Enum(['probabilities', 'logits'], {
      default: 'probabilities',
      description: 'what is stored and learned, as the part "targets"',
    }),
    expert: Type.Integer({ minimum: 0, default: 0, description: 'which one' }),
    epoch: Type.Optional(Type.Integer({ minimum: 0, description: 'of the expert (default: its last)' })),
  },
  section('soft labels, stored with the set (default: one-hot, and not stored)'),
)

/** Options of the section "experts". */
export const expertsSchema = Type.Object({
  folder: Type.Optional(Type.String({ format: 'path', description: "where they are kept (default: the objective's)" })),
  count: count('trainings to record', 100, 100_000),
  epochs: count('of each, in passes over the training data', 50),
  learningRate: positive('step size, constant', 0.01),
  batch: count('images a step', 256),
  transform: Type.Enum(['none', 'batch-standardization'], {
    default: 'none',
    description: "done to every batch first; batch-standardization is HaBa's",
  }),
  augmentation: Type.Optional(
    named('augmentations', "how training batches are changed (default: the configuration's)"),
  ),
})

/** What can differ from part to part of a coded set. */
const codedPart = (byDefault: PartOptions = {}) => {
  const its = (name: keyof PartOptions) => (name in byDefault ? { default: byDefault[name] } : {})
  return {
    bits: Type.Enum([1, 2, 3, 4, 5, 6, 7, 8, 16, 32], {
      ...its('bits'),
      description: 'of a value: 1 … 8 with shared scales, 16 as float16, 32 as it is',
    }),
    patch: Type.Integer({
      minimum: 1,
      maximum: 255,
      ...its('patch'),
      description: 'side of the squares that share a scale, in values',
    }),
    groups: Type.Integer({
      minimum: 0,
      maximum: 65_536,
      ...its('groups'),
      description: 'scales and offsets that the patches of a tensor share; 0: each has its own',
    }),
    transform: Type.Enum(['none', 'dct'], {
      ...its('transform'),
      description:
        'dct rounds the coefficients of a cosine transform of each block, as JPEG does, instead of values; bits, patch and groups then serve only tensors that are no images. Needs "bytes"',
    }),
    block: Type.Integer({
      minimum: 1,
      maximum: 64,
      ...its('block'),
      description: 'largest side of a block that is transformed',
    }),
    step: Type.Number({
      exclusiveMinimum: 0,
      ...its('step'),
      description: "from one level of a coefficient to the next, in standard deviations of the tensor's values",
    }),
  }
}
const codedPartSchema = Type.Partial(Type.Object(codedPart()), { additionalProperties: false })

/** Options of the section "codec". */
export const codecSchema = Type.Object(
  {
    ...codedPart({ bits: 4, patch: 5, groups: 16, transform: 'none', block: 8, step: 0.5 }),
    bytes: Type.Optional(
      count('that the set takes at most: steps of coefficients are made coarser until it does (default: no limit)'),
    ),
    refine: Type.Integer({
      minimum: 0,
      default: 0,
      description:
        'steps that change levels so that random networks see less of the rounding; a few hundred are enough',
    }),
    during: Type.Number({
      minimum: 0,
      maximum: 1,
      default: 0,
      description: 'share of the run, at its end, in which the rounded set is distilled, for example 0.33',
    }),
    parts: Type.Unsafe<Record<string, Static<typeof codedPartSchema>>>({
      type: 'object',
      default: {},
      additionalProperties: codedPartSchema,
      description: 'other options for some tensors, by the beginning of their names, such as hallucinators',
    }),
  },
  section('how the finished set is stored in few bits (default: 32-bit numbers)'),
)
