import type { Budget, DatasetName, Objective } from './axes.js'

/** What a cell may take, of one dataset and budget. */
export interface Effort {
  /** Channels of the ConvNet-3 that distills and tests. */
  readonly width: number
  /** Images that networks may see while one set is distilled, forward and backward; a real image under DM, forward alone, is a third. */
  readonly work: number
  /** Images that a test network sees, between `leastEpochs` and `mostEpochs` passes over the set. */
  readonly seen: number
  /** Real images a class and step; for DM at least. */
  readonly real: Readonly<Record<'dm' | 'dsa', number>>
  /** Student steps of MTT, and images in each at most. */
  readonly student: { readonly steps: number; readonly batch: number }
}

const mnist = { width: 32, real: { dm: 64, dsa: 32 }, student: { steps: 20, batch: 50 } }
const cifar10 = { width: 128, real: { dm: 64, dsa: 64 }, student: { steps: 30, batch: 50 } }

export const efforts: Readonly<Record<DatasetName, Readonly<Record<Budget, Effort>>>> = {
  mnist: { 1: { ...mnist, work: 60_000, seen: 24_000 }, 10: { ...mnist, work: 150_000, seen: 60_000 } },
  cifar10: { 1: { ...cifar10, work: 50_000, seen: 16_000 }, 10: { ...cifar10, work: 120_000, seen: 45_000 } },
}

/** How much more a set of coefficients may work and be learned from, which is of many images, and the best there is. */
export const coefficientsEffort = 3

/** Images of a class, over all views, that are worth their time. */
export const mostImages = 160
export const testBatch = 64
export const [leastEpochs, mostEpochs] = [30, 1000] as const

/** Steps of distillation at most, and how much more than DM an objective may work: its gradients are of second order. */
export const objectiveEffort: Readonly<Record<Objective, { readonly steps: number; readonly share: number }>> = {
  dm: { steps: 1000, share: 1 },
  dsa: { steps: 600, share: 2 },
  mtt: { steps: 1000, share: 3 },
}

/** What a set means for the work of a step. */
interface Sized {
  /** Of all classes, as are images. */
  readonly items: number
  readonly images: number
  readonly classes: number
}

/** As published. */
const mostReal = 256

/**
 * Real images a class and step of DM: four times as many as the set shows of it. A mean over fewer may be further from that of the data
 * than the set's own.
 */
export const realOfDm = ({ real }: Effort, { images, classes }: Omit<Sized, 'items'>): number =>
  Math.min(mostReal, Math.max(real.dm, 4 * Math.ceil(images / classes)))

/** Images that networks see in one step of distillation, forward and backward. */
export function workOfStep(objective: Objective, effort: Effort, { items, images, classes }: Sized): number {
  const { real, student } = effort
  if (objective === 'dm') return images + (classes * realOfDm(effort, { images, classes })) / 3
  // The derivative of a gradient takes about three times a gradient; the network then trains on every item once.
  if (objective === 'dsa') return 3 * images + classes * real.dsa + items
  return 3 * student.steps * Math.min(student.batch, items)
}

/** A whole number of two digits, since nobody chose the others. */
const round = (value: number) => Math.max(1, Math.round(Number(value.toPrecision(2))))

/** Steps of distillation that the work allows. */
export function stepsOf(objective: Objective, effort: Effort, sized: Sized): number {
  const { steps, share } = objectiveEffort[objective]
  return Math.min(steps, round((share * effort.work) / workOfStep(objective, effort, sized)))
}

/** Passes over the set that a test network trains for. */
export const epochsOf = ({ seen }: Pick<Effort, 'seen'>, items: number): number =>
  Math.max(leastEpochs, Math.min(mostEpochs, round(seen / items)))

/** Milliseconds of one image, forward and backward, on two idle cores; for estimates alone. */
const perImage: Readonly<Record<DatasetName, number>> = { mnist: 0.55, cifar10: 1.7 }

/** About how many minutes a cell takes: two sets, six networks, and other networks that take as long as four. */
export function minutesOf(
  dataset: DatasetName,
  { work, epochs, items }: { readonly work: number; readonly epochs: number; readonly items: number },
): number {
  return ((2 * work + 10 * epochs * items) * perImage[dataset]) / 60_000
}
