import type { OptionsSchema } from '@haba/core'

const count = (description: string, byDefault?: number) => ({
  type: 'integer',
  minimum: 1,
  description,
  ...(byDefault !== undefined && { default: byDefault }),
})

/** A name, or `{ "use": name, … }`; what it may be is checked with the plugins' tables. */
const named = (description: string, byDefault?: string) => ({
  anyOf: [{ type: 'string', minLength: 1 }, { type: 'object' }],
  description,
  ...(byDefault !== undefined && { default: byDefault }),
})

const rate = { type: 'number', minimum: 0, description: 'step size of SGD' }
const momentum = { type: 'number', minimum: 0, exclusiveMaximum: 1, default: 0, description: "PyTorch's momentum" }
const atLeast = { type: 'number', description: 'the part never falls below it' }
const optimizers = (description: string) => ({
  type: 'object',
  minProperties: 1,
  additionalProperties: {
    type: 'object',
    properties: { rate, momentum, atLeast },
    required: ['rate'],
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

const protocols = ['dc', 'dsa', 'mtt', 'haba']

/** Options of the section "evaluate". */
export const evaluateSchema: OptionsSchema = {
  type: 'object',
  properties: {
    protocol: {
      enum: protocols,
      default: 'dsa',
      description:
        'as in the released codes: SGD with momentum 0.9, the rate falls at half-time (haba standardises batches)',
    },
    networks: count('fresh networks', 5),
    batch: count('images a step', 256),
    epochs: count('passes over the set, and one more as the released codes count (default: 300 for dc, else 1000)'),
    rate: {
      anyOf: [{ type: 'number', exclusiveMinimum: 0 }, { enum: ['learned'] }],
      default: 0.01,
      description: "step size, or the set's learned one",
    },
    augmentation: named("how training batches are changed (default: the configuration's)"),
  },
}

/** Options of the section "compare". */
const compareSchema: OptionsSchema = {
  type: 'object',
  properties: {
    random: { type: 'boolean', default: true, description: 'random real images, as many as the set has floats for' },
    pixels: section('plain images of as many floats, distilled with the same objective (default: left out)', {
      properties: {
        optimizer: optimizers('of "images"'),
        objectiveOptimizer: optimizers("of what the objective learns (default: the configuration's)"),
        steps: count("of distillation (default: the configuration's)"),
      },
      required: ['optimizer'],
    }),
    fullData: section('all of the training data, for scale (default: left out)', {
      properties: { epochs: count("as in evaluate (default: the evaluation's)"), networks: count('fresh networks', 1) },
    }),
  },
}

/** Options of the section "experts". */
const expertsSchema: OptionsSchema = {
  type: 'object',
  properties: {
    folder: { type: 'string', format: 'path', description: "where they are kept (default: the objective's)" },
    count: count('trainings to record', 100),
    epochs: count('of each, in passes over the training data', 50),
    rate: { type: 'number', exclusiveMinimum: 0, default: 0.01, description: 'step size, constant' },
    batch: count('images a step', 256),
    transform: {
      enum: ['none', 'batch-standardisation'],
      default: 'none',
      description: "done to every batch first; batch-standardisation is HaBa's",
    },
    augmentation: named("how training batches are changed (default: the configuration's)"),
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
      description: 'all chance of a run',
    },
    engine: named('what computes', 'onnx'),
    plugins: {
      type: 'array',
      items: { type: 'string', minLength: 1 },
      default: [],
      description: 'packages that export ./plugin, or paths of files that export `plugin`',
    },
    data: named('the images'),
    network: named('what learns from them'),
    augmentation: named('how batches are changed: a name, or words such as color_crop_cutout', 'none'),
    set: named('what is stored, and how it becomes images'),
    objective: named('what a good set is'),
    games: {
      type: 'array',
      items: named("a game; `network` is its critic (default: the configuration's network)"),
      default: [],
      description: 'add-ons to the objective',
    },
    optimizer: optimizers('rate and momentum for each part of the set, such as bases and hallucinators, or images'),
    objectiveOptimizer: optimizers('the same for what the objective learns, such as "rate" (default: nothing moves)'),
    differentiation: {
      enum: ['recomputed', 'stored'],
      default: 'recomputed',
      description: "trajectories on the way back: in the memory of one step, or with every step's values kept",
    },
    steps: count('of distillation'),
    checkpointEvery: count('steps', 100),
    evaluate: { ...section('how sets are measured', evaluateSchema), default: {} },
    compare: { ...section('what the set is compared with, at equal stored floats', compareSchema), default: {} },
    experts: section('recorded trainings, for `haba experts`', expertsSchema),
  },
  required: ['name', 'data', 'network', 'set', 'objective', 'optimizer', 'steps'],
}
