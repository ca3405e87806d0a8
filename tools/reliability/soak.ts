import { fromStrategy } from '@haba/augment'
import { clampBelow, keyFrom, sgd } from '@haba/core'
import { distill } from '@haba/distill'
import { onnxEngine } from '@haba/engine-onnx'
import { adversarialContrast } from '@haba/hallucinator'
import { tinyNetwork, toyData } from '@haba/testing'
import { engine as tensors } from '@tensorflow/tfjs-core'
import { soaked, type Soaked } from './soaked.js'

/** What grew over many steps. */
export interface SoakResult {
  readonly name: string
  readonly steps: number
  /** Megabytes of the process at the end. */
  readonly megabytes: number
  /** Bytes a step: the slope of the process's memory over the last half, and its standard error. */
  readonly slope: number
  readonly slopeError: number
  /** The same of the heap of JavaScript and its arrays, after a collection of garbage. */
  readonly heapSlope: number
  readonly heapSlopeError: number
  /** The most tensors alive after a step: in the second quarter, and in the last. */
  readonly tensors: readonly [number, number]
  /** After half of the steps, and at the end. */
  readonly sessions: readonly [number, number]
  readonly compilations: readonly [number, number]
  /** What grew; nothing is expected to. */
  readonly grew: readonly string[]
}

/** Bytes a step; a smaller slope is the allocator's. One tensor of this size a step would be found among the tensors. */
const smallSlope = 512
/** Before so many steps, V8 still compiles and its heap still grows: memory is not judged. */
const leastSteps = 1000
/** A slope is one beyond so many standard errors. */
const errors = 3

/** A least-squares line: its slope and the standard error of that, in units of `y` a unit of `x`. */
export function slopeOf(points: readonly (readonly [x: number, y: number])[]): { slope: number; error: number } {
  const mean = (of: 0 | 1) => points.reduce((sum, point) => sum + point[of], 0) / points.length
  const [mx, my] = [mean(0), mean(1)]
  const xx = points.reduce((sum, [x]) => sum + (x - mx) ** 2, 0)
  const slope = points.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0) / xx
  const residual = points.reduce((sum, [x, y]) => sum + (y - my - slope * (x - mx)) ** 2, 0)
  return { slope, error: Math.sqrt(residual / (points.length - 2) / xx) }
}

const grows = ({ slope, error }: { readonly slope: number; readonly error: number }) =>
  slope > smallSlope && slope > errors * error

const named = (name: string): Soaked => {
  const found = soaked.find((one) => one.name === name)
  if (!found) throw new Error(`No objective ${name}: there are ${soaked.map((one) => one.name).join(', ')}.`)
  return found
}

/**
 * Distills for many steps and looks at what grows. Needs `node --expose-gc`.
 *
 * @param leak bytes that are kept at each step on purpose
 */
export async function soak(name: string, steps: number, leak = 0): Promise<SoakResult> {
  const { objective, set, differentiation } = named(name)
  const gc = (globalThis as { gc?: () => void }).gc
  if (!gc) throw new Error('Run it by node --expose-gc: memory is measured after a collection of garbage.')
  const network = tinyNetwork()
  const engine = onnxEngine({ threads: 1 })
  const every = Math.max(1, Math.floor(steps / 100))
  const whole: (readonly [number, number])[] = []
  const heap: (readonly [number, number])[] = []
  const alive: number[] = []
  const kept: Uint8Array[] = []
  let half = { sessions: 0, compilations: 0 }
  for await (const { state } of distill({
    engine,
    key: keyFrom(1),
    real: toyData(),
    parameterization: set,
    objective,
    optimizer: sgd({ learningRate: 1e-3, momentum: 0.5 }),
    objectiveOptimizer: clampBelow(0.001, sgd({ learningRate: 1e-4, momentum: 0.5 })),
    games: set.name.startsWith('factorized')
      ? [adversarialContrast({ network, augmentation: fromStrategy('color_crop_cutout_flip_scale_rotate') })]
      : [],
    steps,
    ...(differentiation && { differentiation }),
  })) {
    if (leak > 0) kept.push(new Uint8Array(leak).fill(1))
    alive.push(tensors().state.numTensors)
    if (state.step === Math.floor(steps / 2))
      half = { sessions: engine.stats.sessions, compilations: engine.stats.compilations }
    if (state.step % every !== 0) continue
    gc()
    const { rss, heapUsed, arrayBuffers } = process.memoryUsage()
    if (state.step <= steps / 2) continue
    whole.push([state.step, rss])
    heap.push([state.step, heapUsed + arrayBuffers])
  }
  const { sessions, compilations } = engine.stats
  await engine.close()
  const [rss, js] = [slopeOf(whole), slopeOf(heap)]
  const quarter = (n: number) =>
    Math.max(...alive.slice(Math.floor((n * steps) / 4), Math.floor(((n + 1) * steps) / 4)))
  const before = quarter(1)
  const after = quarter(3)
  const told = (what: string, { slope, error }: typeof rss) =>
    `${what} by ${slope.toFixed(0)} ± ${error.toFixed(0)} bytes a step`
  return {
    name,
    steps,
    megabytes: Math.round(whole.at(-1)![1] / 1e6),
    slope: Math.round(rss.slope),
    slopeError: Math.round(rss.error),
    heapSlope: Math.round(js.slope),
    heapSlopeError: Math.round(js.error),
    tensors: [before, after],
    sessions: [half.sessions, sessions],
    compilations: [half.compilations, compilations],
    grew: [
      ...(steps >= leastSteps && grows(rss) ? [told('memory', rss)] : []),
      ...(steps >= leastSteps && grows(js) ? [told('the heap', js)] : []),
      ...(after > before ? [`tensors from ${before} to ${after}`] : []),
      ...(sessions > half.sessions ? [`sessions from ${half.sessions} to ${sessions}`] : []),
      ...(compilations > half.compilations ? [`compilations from ${half.compilations} to ${compilations}`] : []),
    ],
  }
}
