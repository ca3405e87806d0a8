import { oneHotRows, checkArguments, HabaError, sizeOf, type RealSource, type RenderedSet } from '@haba/core'
import { evaluateSet, type EvaluateOptions } from './evaluate.js'
import type { Accuracy } from './statistics.js'
import { ofClasses } from './subset.js'

/** Options of `continual`. */
export interface ContinualOptions extends Omit<EvaluateOptions, 'onNetwork' | 'onStep'> {
  /** Classes in their order of arrival, such as `numpyPermutation(seed, 100)`. */
  readonly order: readonly number[]
  /** Steps, each with about the same number of classes; 5 or 10 in the papers. */
  readonly steps: number
  /** Makes the memory of a step's classes, from their images only; its targets cover all classes. */
  memory(classes: readonly number[], step: number): Promise<RenderedSet>
  readonly onStep?: (step: ContinualStep) => void
}

/** The result of one step. */
export interface ContinualStep {
  /** From 1. */
  readonly step: number
  /** All classes so far. */
  readonly seen: readonly number[]
  /** Stored items so far. */
  readonly slots: number
  /** On the test images of all classes so far, with a head over all classes. */
  readonly accuracy: Accuracy
}

/**
 * Class-incremental learning as in GDumb and DM: at every step networks are trained from scratch on all memory so far, and
 * tested on the classes so far.
 */
export async function continual(options: ContinualOptions): Promise<readonly ContinualStep[]> {
  checkArguments('continual', options, { order: 'list', steps: 'number', memory: 'function', test: 'real' })
  const { order, steps, memory, onStep, ...evaluateOptions } = options
  const { test } = evaluateOptions
  const curve: ContinualStep[] = []
  let all: RenderedSet | undefined
  for (const [i, classes] of classSteps(order, steps).entries()) {
    const kept = await memory(classes, i)
    all = all ? joinSets(all, kept) : kept
    const seen = [...(curve.at(-1)?.seen ?? []), ...classes]
    const accuracy = await evaluateSet(all, { ...evaluateOptions, test: ofClasses(test, seen) })
    curve.push({ step: i + 1, seen, slots: all.layout.slots, accuracy })
    onStep?.(curve.at(-1)!)
  }
  return curve
}

/** Cuts classes, in order, into steps of equal size; the first ones get one more if needed. */
export function classSteps(order: readonly number[], steps: number): readonly (readonly number[])[] {
  if (!Number.isInteger(steps) || steps < 1 || steps > order.length)
    throw new HabaError('continual', `1 … ${order.length} steps, one class each`, `${steps}`, 'Take fewer steps.')
  const [each, more] = [Math.floor(order.length / steps), order.length % steps]
  const start = (step: number) => step * each + Math.min(step, more)
  return Array.from({ length: steps }, (_, step) => order.slice(start(step), start(step + 1)))
}

/** Joins two sets; the slots of the first come first. */
export function joinSets(a: RenderedSet, b: RenderedSet): RenderedSet {
  const [one, two] = [a.layout, b.layout]
  if (one.views !== two.views || one.classes !== two.classes)
    throw new HabaError(
      'joinSets',
      `a second set of ${one.views} views and ${one.classes} classes`,
      `${two.views} views and ${two.classes} classes`,
      'Make both by the same parameterization, with targets over all classes.',
    )
  const size = sizeOf(one.image)
  const [mine, yours] = [one.slots * size, two.slots * size]
  const images = new Float32Array(one.views * (mine + yours))
  for (let view = 0; view < one.views; view++) {
    images.set(a.images.subarray(view * mine, (view + 1) * mine), view * (mine + yours))
    images.set(b.images.subarray(view * yours, (view + 1) * yours), view * (mine + yours) + mine)
  }
  return {
    layout: {
      ...one,
      slots: one.slots + two.slots,
      labels: Int32Array.from([...one.labels, ...two.labels]),
    },
    images,
    targets: Float32Array.from([...a.targets, ...b.targets]),
  }
}

/** Turns a set of some classes into one of all: class i becomes `classes[i]`, and other classes have targets of 0. */
export function spreadClasses(set: RenderedSet, classes: readonly number[], all: number): RenderedSet {
  const { layout } = set
  const targets = new Float32Array(layout.slots * all)
  for (let slot = 0; slot < layout.slots; slot++)
    classes.forEach((label, i) => (targets[slot * all + label] = set.targets[slot * layout.classes + i]!))
  return {
    layout: { ...layout, classes: all, labels: layout.labels.map((label) => classes[label]!) },
    images: set.images,
    targets,
  }
}

/** Real images as a set of one view. */
export async function selectionAsSet(real: RealSource, indices: Int32Array): Promise<RenderedSet> {
  const images = await real.images(indices)
  const labels = indices.map((index) => real.labels[index]!)
  const targets = oneHotRows(labels, real.classes)
  const values = await images.data<'float32'>()
  images.dispose()
  const { image, classes } = real
  return { layout: { image, classes, slots: indices.length, views: 1, labels }, images: values, targets }
}
