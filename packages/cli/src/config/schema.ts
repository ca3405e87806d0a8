import { Type, type Static } from '@haba/core/options'
import {
  clipNorm,
  codecSchema,
  compareSchema,
  count,
  evaluateSchema,
  expertsSchema,
  nameOrOptions,
  named,
  optimizers,
  section,
  targetsSchema,
  type Named,
} from './section-schemas.js'

/** A set, made of another and with labels of its own where it says so. */
type NamedSet = Named & { readonly of?: Named; readonly targets?: Static<typeof targetsSchema> }
/** A game, with a critic of its own where it names one. */
type NamedGame = Named & { readonly network?: Named }

/** All that a configuration file may say. */
export const configSchema = Type.Object({
  name: Type.String({ pattern: '^[\\w.-]+$', description: 'names the run folder: letters, digits, _ . -' }),
  seed: Type.Integer({
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    default: 0,
    description: 'of all random numbers of a run',
  }),
  engine: named('engines', 'what runs the computation', 'onnx'),
  plugins: Type.Array(Type.String({ minLength: 1 }), {
    default: [],
    description: 'packages that export ./plugin, or paths of files that export `plugin`',
  }),
  data: named('datasets', 'the images'),
  network: named('networks', 'what is trained on them'),
  augmentation: named('augmentations', 'how batches are changed: a name, or words such as color_crop_cutout', 'none'),
  set: Type.Unsafe<NamedSet>({
    ...nameOrOptions,
    kind: 'parameterizations',
    description: 'what is stored, and how it becomes images',
    properties: {
      of: named(
        'parameterizations',
        'another set that this one is made of, such as the bases of factorized (default: its own)',
      ),
      targets: targetsSchema,
    },
  }),
  objective: named('objectives', 'the loss that compares the set with real data'),
  training: Type.Optional(
    Type.Object(
      {
        augmentation: Type.Optional(
          named('augmentations', 'how batches of real images are changed (default: not at all)'),
        ),
        mixing: Type.Optional(
          named('mixings', 'how images and targets of a batch are then mixed (default: not at all)'),
        ),
      },
      section('how an objective that trains networks on real images (idc) does so'),
    ),
  ),
  games: Type.Array(
    Type.Unsafe<NamedGame>({
      ...nameOrOptions,
      kind: 'games',
      description: "a game; `network` is its critic (default: the configuration's network)",
      properties: { network: named('networks', "its critic (default: the configuration's network)") },
    }),
    { default: [], description: 'additional losses with a critic' },
  ),
  optimizer: optimizers('rate and momentum for each part of the set, such as bases and hallucinators, or images'),
  objectiveOptimizer: Type.Optional(
    optimizers('the same for what the objective learns, such as "rate" (default: it stays constant)'),
  ),
  clipNorm: clipNorm('any'),
  differentiation: Type.Enum(['recompute', 'store', 'tesla', 'tesla-released'], {
    default: 'recompute',
    description:
      "how trajectories are differentiated. recompute: exact, in the memory of one step; store: exact, keeps every step's values; tesla: truncated, as in the paper; tesla-released: truncated, as in its code",
  }),
  memory: Type.Optional(
    Type.Union([Type.Enum(['least', 'fastest']), Type.Integer({ minimum: 1 })], {
      description:
        'of a step: "least", "fastest", or the fastest within this many bytes; chooses between recompute and store (default: `differentiation`)',
    }),
  ),
  steps: count('of distillation'),
  checkpointEvery: count('steps', 100),
  diverged: Type.Optional(
    Type.Object(
      {
        lowerRates: Type.Number({
          exclusiveMinimum: 0,
          exclusiveMaximum: 1,
          default: 0.5,
          description: 'by which all rates are multiplied',
        }),
        times: count('that rates are lowered; then the run stops', 3),
      },
      section(
        'if a loss, gradient or parameter is not finite: go back to the last checkpoint and continue with lower rates (default: stop with exit code 3)',
      ),
    ),
  ),
  evaluate: Type.Object(evaluateSchema.properties, section('how sets are measured', { default: {} })),
  compare: compareSchema,
  experts: Type.Optional(Type.Object(expertsSchema.properties, section('recorded trainings, for `haba experts`'))),
  codec: Type.Optional(codecSchema),
})
