import { HabaError } from './errors.js'

type Fits = (value: unknown) => boolean
/** What an argument is, in words, and the members it must have. Errors name the first missing one. */
interface Kind {
  readonly what: string
  readonly has?: Readonly<Record<string, Fits>>
  readonly is?: Fits
}

const isFunction: Fits = (x) => typeof x === 'function'
const isFunctionOrAbsent: Fits = (x) => x === undefined || isFunction(x)
const isNumber: Fits = (x) => typeof x === 'number'
const isCount: Fits = (x) => Number.isInteger(x) && (x as number) >= 1
const isObject: Fits = (x) => typeof x === 'object' && x !== null
const isArray: Fits = (x) => Array.isArray(x)
const isImageShape: Fits = (x) => Array.isArray(x) && x.length === 3 && x.every(isCount)
const isFloats: Fits = (x) => x instanceof Float32Array
const isIntegers: Fits = (x) => x instanceof Int32Array
const methodOf = (value: unknown, name: string) =>
  isObject(value) && isFunction((value as Readonly<Record<string, unknown>>)[name])
const drawing = { draw: isFunction, apply: isFunction }

const kinds = {
  engine: {
    what: 'an Engine, such as onnxEngine() or await directEngine({ backend: "wasm" })',
    has: { compile: isFunction, linearize: isFunction },
  },
  key: { what: 'a Key, such as keyFrom(1)', has: { hi: isNumber, lo: isNumber } },
  real: {
    what: 'a RealSource, such as `train` of a Dataset',
    has: { image: isImageShape, classes: isCount, labels: isIntegers, images: isFunction },
  },
  parameterization: {
    what: 'a Parameterization, such as pixels(…) or factorized(…)',
    has: { layout: isObject, init: isFunction, render: isFunction, storage: isFunctionOrAbsent },
  },
  objective: {
    what: 'an objective, such as distributionMatching(…)',
    has: { kind: (x) => x === 'sum' || x === 'recurrence', init: isFunction, draw: isFunction },
  },
  games: { what: 'a list of games', is: isArray },
  optimizer: { what: 'an Optimizer, such as sgd(…)', has: { init: isFunction, update: isFunction } },
  network: { what: 'a Network, such as convNet(…)', has: { init: isFunction, apply: isFunction } },
  augmentation: { what: 'an Augmentation, such as flip()', has: drawing },
  members: {
    what: 'a list of augmentations',
    is: (x: unknown) => Array.isArray(x) && x.every((one) => methodOf(one, 'draw') && methodOf(one, 'apply')),
  },
  mixing: { what: 'a Mixing, such as cutMix()', has: drawing },
  protocol: {
    what: 'a Protocol, such as one of `protocols`',
    has: { epochs: isNumber, batch: isNumber, rate: isNumber, phases: isArray },
  },
  rendered: {
    what: 'a RenderedSet, as `expand` returns it',
    has: { layout: isObject, images: isFloats, targets: isFloats },
  },
  experts: {
    what: 'Experts, as openExperts(…) returns them',
    has: { count: isNumber, epochs: isNumber, read: isFunction },
  },
  selection: { what: 'a Selection, such as `random`', has: { order: isFunction } },
  split: { what: 'images with labels', has: { pixels: isObject, labels: isObject } },
  image: { what: '[height, width, channels], whole numbers of at least 1', is: isImageShape },
  classes: { what: 'a whole number of at least 1', is: isCount },
  number: { what: 'a number', is: isNumber },
  text: { what: 'a string', is: (x: unknown) => typeof x === 'string' },
  integers: { what: 'an Int32Array', is: isIntegers },
  floats: { what: 'a Float32Array', is: isFloats },
  list: { what: 'a list', is: isArray },
  function: { what: 'a function', is: isFunction },
  object: { what: 'an object', is: isObject },
} as const satisfies Readonly<Record<string, Kind>>

/** The kinds that `checkArguments` knows; `?` marks an optional argument. */
export type ArgumentKind = keyof typeof kinds | `${keyof typeof kinds}?`

/**
 * Refuses options that TypeScript would have refused, for callers in plain JavaScript. It checks of each argument only what
 * tells its kind.
 *
 * @param who the function that is called
 * @param wanted the kind of each argument, by name
 * @returns the options
 * @throws HabaError naming the argument that is absent or of another kind
 * @example
 * const { network, learningRate } = checkArguments('train', options, { network: 'network', learningRate: 'number?' })
 */
export function checkArguments<T extends object>(
  who: string,
  options: T,
  wanted: Readonly<Record<string, ArgumentKind>>,
): T {
  if (typeof options !== 'object' || options === null)
    throw new HabaError(who, `an object with ${Object.keys(wanted).join(', ')}`, said(options), hintFor(options))
  for (const [name, kind] of Object.entries(wanted)) {
    const value: unknown = (options as Readonly<Record<string, unknown>>)[name]
    const { what, has = {}, is = isObject }: Kind = kinds[kind.replace('?', '') as keyof typeof kinds]
    if (value === undefined && kind.endsWith('?')) continue
    const lacks = is(value)
      ? Object.entries(has).find(([part, fits]) => !fits((value as Readonly<Record<string, unknown>>)[part]))?.[0]
      : undefined
    if (is(value) && lacks === undefined) continue
    const got = lacks === undefined || isStranger(value) ? said(value) : `an object without a valid \`${lacks}\``
    throw new HabaError(who, `\`${name}\` to be ${what}`, got, hintFor(value))
  }
  return options
}

const isPromise: Fits = (x) => methodOf(x, 'then')
const isTfDataset: Fits = (x) => methodOf(x, 'forEachAsync')
const isDataset: Fits = (x) => isObject(x) && isObject((x as { train?: unknown }).train)
const isStranger: Fits = (x) => isPromise(x) || isTfDataset(x) || isDataset(x)

function said(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (isPromise(value)) return 'a promise'
  if (isTfDataset(value)) return 'a tf.data.Dataset'
  if (isDataset(value)) return 'a Dataset'
  if (isFunction(value)) return 'a function'
  if (Array.isArray(value)) return value.length <= 4 ? `[${value.map(String).join(', ')}]` : `a list of ${value.length}`
  return isObject(value) ? 'another object' : `${JSON.stringify(value) ?? String(value)}`
}

function hintFor(value: unknown): string {
  if (isPromise(value)) return 'Await it.'
  if (isTfDataset(value)) return 'Read it into arrays first: `fromArrays` of @haba/datasets makes a Dataset of them.'
  return isDataset(value) ? 'Pass one of its parts, `train` or `test`.' : ''
}

/**
 * Refuses anything but a whole number of at least `least`.
 *
 * @param least @default 1
 * @throws HabaError naming `who`, the argument and its value
 */
export function checkCount(who: string, name: string, value: number, least = 1): void {
  if (!Number.isInteger(value) || value < least)
    throw new HabaError(who, `${name} to be a whole number of at least ${least}`, `${value}`, '')
}
