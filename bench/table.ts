import { HabaError } from '@haba/core'

/** Which program does the work: `rows/FAMILY.ts` is ours, `peers/FAMILY.py` is PyTorch's. */
export type Family = 'sgd' | 'student' | 'trajectory' | 'haba' | 'matching' | 'evaluate'

/** One line of the benchmark: the work, as both sides read it, and what is asked of ours. */
export interface Row {
  readonly name: string
  readonly family: Family
  /** What is timed. */
  readonly work: string
  /** What a printed time is the time of. */
  readonly unit: string
  /** Units in a round. */
  readonly repeat: number
  /** Rounds before the first that counts: all that will be compiled is compiled then. */
  readonly warmUp: number
  /** PyTorch's time divided by ours: must reach, and aim. */
  readonly must: number
  readonly aim: number
  /** Our peak memory divided by PyTorch's may be this at most. */
  readonly memoryAtMost?: number
  /** What both processes take together at their peaks. */
  readonly gigabytes: number
  /** Images in a batch: all stored images, except in `sgd-256`. */
  readonly batch: number
  /** Student steps, or epochs. */
  readonly steps: number
  readonly objective?: 'dm' | 'dsa'
  /** Of a factorized set; absent for plain pixels. */
  readonly hallucinators?: number
}

const student = (batch: number, repeat: number, must: number, aim: number): Row => ({
  name: `student-${batch}`,
  family: 'student',
  work: `one student step at batch ${batch} and its derivative, stored: gradients of pixels, step size and earlier weights`,
  unit: 'step',
  repeat,
  warmUp: 2,
  must,
  aim,
  gigabytes: batch === 10 ? 2 : 4,
  batch,
  steps: 1,
})

const trajectory = (
  batch: number,
  steps: number,
  limits: Pick<Row, 'must' | 'aim' | 'memoryAtMost' | 'gigabytes'>,
): Row => ({
  name: `trajectory-${batch}x${steps}`,
  family: 'trajectory',
  work: `${steps} student steps at batch ${batch}, exact gradient in pixels and step size: one step's memory against PyTorch's full graph`,
  unit: 'trajectory',
  repeat: 1,
  warmUp: 1,
  batch,
  steps,
  ...limits,
})

const haba = (perClass: number, steps: number, limits: Pick<Row, 'must' | 'aim' | 'gigabytes'>): Row => ({
  name: `haba-iteration-${perClass}`,
  family: 'haba',
  work: `one HaBa iteration: ${perClass} bases a class, 5 hallucinators, ${steps} student steps, augmentation, game, four optimizers`,
  unit: 'iteration',
  repeat: 1,
  // The game draws one augmentation an iteration: after three, all have had their turn.
  warmUp: 4,
  batch: 10 * perClass,
  steps,
  ...limits,
})

/** The benchmark of ConvNet-3-128 with instance norm, 32 × 32 × 3, 10 classes. */
export const table: readonly Row[] = [
  {
    name: 'sgd-256',
    family: 'sgd',
    work: 'forward, backward and update at batch 256',
    unit: 'step',
    repeat: 3,
    warmUp: 2,
    must: 1.15,
    aim: 1.5,
    gigabytes: 4,
    batch: 256,
    steps: 1,
  },
  student(10, 10, 0.9, 1.3),
  student(100, 3, 1.6, 2),
  trajectory(10, 50, { must: 0.75, aim: 1.1, memoryAtMost: 1 / 5, gigabytes: 5 }),
  trajectory(100, 30, { must: 1.2, aim: 1.8, memoryAtMost: 1 / 6, gigabytes: 18 }),
  haba(1, 50, { must: 0.9, aim: 1.3, gigabytes: 8 }),
  haba(10, 30, { must: 1.4, aim: 2, gigabytes: 18 }),
  {
    name: 'dm-iteration',
    family: 'matching',
    objective: 'dm',
    work: 'one DM iteration: a fresh network, 256 real and 10 synthetic images of each of 10 classes, siamese augmentation, update',
    unit: 'iteration',
    repeat: 1,
    // Ten classes draw six augmentations in turn: every third iteration is alike, and the first has layouts of its own.
    warmUp: 4,
    must: 0.85,
    aim: 1.3,
    gigabytes: 4,
    batch: 100,
    steps: 1,
  },
  {
    name: 'dm-haba-iteration',
    family: 'matching',
    objective: 'dm',
    work: 'one DM iteration of HaBa: a fresh network, 256 real images and all 50 products of 10 bases and 5 hallucinators of each of 10 classes, siamese augmentation, update of both parts',
    unit: 'iteration',
    repeat: 1,
    warmUp: 4,
    must: 0.85,
    aim: 1.3,
    gigabytes: 6,
    batch: 100,
    hallucinators: 5,
    steps: 1,
  },
  {
    name: 'dsa-iteration',
    family: 'matching',
    objective: 'dsa',
    work: 'one turn of the outer loop of DSA: gradients of 256 real and 10 synthetic images of each of 10 classes matched, update, then 50 epochs of the network on the 100 synthetic images',
    unit: 'iteration',
    repeat: 1,
    warmUp: 2,
    must: 1,
    aim: 1.6,
    gigabytes: 7,
    batch: 100,
    steps: 50,
  },
  {
    name: 'evaluate',
    family: 'evaluate',
    work: 'one network trained on 10 images by the protocol "mtt" with augmentation, and tested on 10; 102 of its 1 001 epochs',
    unit: '102 epochs',
    repeat: 1,
    warmUp: 1,
    must: 0.9,
    aim: 1.4,
    gigabytes: 2,
    batch: 10,
    // One more is run, as published: then each augmentation has had as many turns, and both networks of a round start alike.
    steps: 101,
  },
]

/** The row of a name. @throws HabaError listing the names */
export function rowNamed(name: string): Row {
  const found = table.find((row) => row.name === name)
  if (!found) throw new HabaError('bench', `a name of ${table.map((row) => row.name).join(', ')}`, `"${name}"`, '')
  return found
}
