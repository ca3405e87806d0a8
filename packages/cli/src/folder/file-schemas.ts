import type { Complaint } from '@haba/core'
import { Ajv } from 'ajv'
import { article, describeSchema, shown, type JsonSchema } from '../config/describe-schema.js'

const ajv = new Ajv({ verbose: true })

/** A check that names the first field which violates its schema. */
function checkedBy(schema: object): (value: unknown) => Complaint {
  const check = ajv.compile(schema)
  return (value) => {
    if (check(value)) return undefined
    const error = check.errors![0]!
    const at = error.instancePath.split('/').slice(1)
    const missing = (error.params as { readonly missingProperty?: string }).missingProperty
    const names = missing === undefined ? at : [...at, missing]
    const of = error.parentSchema as JsonSchema
    return {
      field: names.length === 0 ? 'the file' : names.join('.'),
      expected: article(describeSchema(missing === undefined ? of : (of.properties?.[missing] ?? {}))),
      got: missing === undefined ? shown(error.data) : 'nothing',
    }
  }
}

const text = { type: 'string' }
const number = { type: 'number' }
const count = { type: 'integer', minimum: 0 }
const list = (items: object) => ({ type: 'array', items })
/** A list that is not empty. */
const filled = (items: object) => ({ ...list(items), minItems: 1 })
const anything = { type: 'object' }
/** Required and optional fields; further ones are allowed. */
const record = (required: Readonly<Record<string, object>>, optional: Readonly<Record<string, object>> = {}) => ({
  type: 'object',
  properties: { ...required, ...optional },
  required: Object.keys(required),
})

/** Optional fields only. */
const some = (optional: Readonly<Record<string, object>>) => record({}, optional)

const accuracy = { mean: number, std: number, accuracies: list(number) }
const cross = { network: text, protocol: anything, ...accuracy }
const half = record({ images: { type: 'object', additionalProperties: count }, read: count, content: text })
const choice = record({ name: text, of: anything, images: list(count) })

/** Checks of the fields that haba reads in the files of a run folder; other fields are ignored. */
export const checks = {
  result: checkedBy(
    record({
      name: text,
      caption: text,
      rows: list(
        record(
          { id: text, name: text, bytes: number, floats: number, ...accuracy, note: text },
          {
            within: number,
            steps: count,
            protocol: anything,
            choice: anything,
            others: list(record({ network: text, ...accuracy })),
            by: text,
          },
        ),
      ),
    }),
  ),
  manifest: checkedBy(
    record({
      format: { type: 'string', enum: ['haba-set'] },
      version: { type: 'integer', enum: [1, 2] },
      parameterization: text,
      layout: record({
        image: { type: 'array', items: count, minItems: 3, maxItems: 3 },
        classes: count,
        slots: count,
        views: count,
      }),
      storage: record({
        parts: list(record({ name: text, floats: number, bytes: number })),
        floats: number,
        bytes: number,
      }),
      about: record({
        name: text,
        key: text,
        steps: count,
        data: record({ name: text, classNames: list(text) }),
        preprocessing: record({ name: text, settings: anything }),
        decoder: anything,
        learned: { type: 'object', additionalProperties: number },
        protocol: anything,
        versions: anything,
      }),
    }),
  ),
  choices: checkedBy(record({ choices: list(choice) })),
  // null: not even one image per class fits.
  jpeg: checkedBy(
    record({ bytes: number, qualities: list(number), accuracies: list({ type: 'number', nullable: true }) }),
  ),
  evaluation: checkedBy(record(cross, { baselines: list(record({ name: text, ...cross })) })),
  continual: checkedBy(
    record({
      protocol: anything,
      steps: count,
      curves: filled(
        record({
          memory: text,
          floats: number,
          orders: filled(list(record({ seen: list(count), accuracy: record(accuracy) }))),
        }),
      ),
    }),
  ),
  search: checkedBy(
    record({
      scored: list(record({ name: text, proxy: record({ accuracy: number }), truth: record({ accuracy: number }) })),
      correlations: list(record({ top: number }, { byTruth: number, byProxy: number })),
      chosen: record({ name: text, truth: record({ accuracy: number }) }),
      best: record({ name: text, truth: record({ accuracy: number }) }),
      seconds: record({ proxy: number, truth: number }),
      saved: number,
      protocols: record({ set: anything, real: anything }),
    }),
  ),
  /** The identity of a run or a set; sets of earlier versions and evaluations have only some parts. */
  madeOf: checkedBy(
    some({
      classes: list(text),
      image: { type: 'array', items: count, minItems: 3, maxItems: 3 },
      train: half,
      test: half,
      heldOut: record({ part: number, seed: number }),
      preprocessing: record({ name: text, settings: anything }),
      whitening: text,
      network: text,
      augmentation: text,
      experts: record({ count, epochs: count }, { identity: text }),
      protocol: anything,
      run: text,
    }),
  ),
  preprocessing: {
    standardize: checkedBy(record({ mean: list(number), std: list(number) })),
    zca: checkedBy(record({ epsilon: number })),
  },
  owner: checkedBy(
    record({
      command: text,
      pid: { type: 'integer', minimum: 1 },
      since: text,
      host: text,
      machine: text,
      boot: text,
      namespace: text,
      started: text,
    }),
  ),
  /** The state of a run, in a checkpoint; tensors are objects. */
  state: checkedBy(
    record({
      step: count,
      set: anything,
      setOptimizer: anything,
      objective: record({ params: anything, state: {} }),
      games: list(record({ critic: anything })),
    }),
  ),
  searchLine: checkedBy(
    record({ job: anything, measured: record({ network: text, accuracy: number, protocol: anything }) }),
  ),
}
