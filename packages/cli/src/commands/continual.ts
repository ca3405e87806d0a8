import { checkedJson, foldIn } from '@haba/core'
import { writeWhole } from '@haba/core/files'
import { continual, describeProtocol, numpyPermutation, summarize, type ContinualStep } from '@haba/eval'
import { join } from 'node:path'
import { evaluateSettings } from '../config/overridden.js'
import { interruptible, listenForInterruption } from '../interruption.js'
import { progressOn, type Terminal } from '../tell/progress.js'
import { memoriesOf, whyNoImages, type Memory, type TakenStep } from '../measure/continual-memories.js'
import { distilledParts, measuredOf } from '../folder/made-of.js'
import { keyFor, makeProtocol, openEngine, openParts } from '../assemble/parts.js'
import { protocolText } from '../tell/protocol-text.js'
import { accuracyText, alignedLines } from '../tell/tables.js'
import { readRun } from '../folder/read-run.js'

export interface ContinualOptions {
  readonly steps: number
  readonly orders: number
  readonly seeds: number
  readonly epochs?: number
  readonly data?: string
  readonly engine?: string
  readonly allowPlugin?: readonly string[]
}

/** The accuracy of one memory over the steps, for every order of the classes. */
interface Curve {
  readonly memory: string
  /** Floats stored at the end. */
  readonly floats: number
  readonly bytes: number
  /** The steps of `continual` for each order. */
  readonly orders: readonly (readonly ContinualStep[])[]
}

/** `haba continual`: classes arrive in steps, and networks learn only from what a memory keeps of them. */
export async function continualCommand(
  folder: string,
  { steps, orders, seeds, epochs, ...elsewhere }: ContinualOptions,
  { out, err }: Terminal,
  signal?: AbortSignal,
): Promise<void> {
  const progress = progressOn(err)
  const read = await readRun(folder, { ...elsewhere, say: progress.say })
  const heard = signal ?? listenForInterruption(progress.say)
  const opened = await openEngine(read, progress.say)
  try {
    const parts = await openParts(read, opened.engine, progress.pulse)
    const settings = { ...evaluateSettings(read, { epochs, protocol: 'dsa' }), learningRate: 0.01 }
    const protocol = await makeProtocol(parts, settings, undefined)
    const todo = 'Run the same command again: finished steps of distillation are kept.'
    const engine = interruptible(opened.engine, heard, todo)
    const measure = { parts, engine, protocol, networks: seeds, progress }
    const { test, classes } = parts.data

    const curveOf = async (name: string, memory: Memory, order: number, key: ReturnType<typeof keyFor>) => {
      let [floats, bytes] = [0, 0]
      const kept: TakenStep[] = []
      const points = await continual({
        engine,
        network: parts.network,
        protocol,
        test,
        key: foldIn(key, 'evaluate'),
        networks: seeds,
        order: numpyPermutation(order, classes),
        steps,
        memory: async (some, step) => {
          const { set, ...stored } = await memory(some, step)
          floats += stored.floats
          bytes += stored.bytes
          kept.push({ classes: some, bytes: stored.bytes })
          return set
        },
        onStep: ({ step, seen, accuracy }) =>
          progress.say(`order ${order}, ${name}, step ${step}: ${seen.length} classes, ${accuracyText(accuracy)}`),
      })
      return { points, kept, floats, bytes }
    }
    const byOrder = Array.from({ length: orders }, (_, order) => {
      const key = foldIn(keyFor(parts.key, 'continual'), order)
      const within = join(folder, 'continual', `steps-${steps}-order-${order}`)
      const memories = memoriesOf({ folder: within, parts, measure, key, progress, signal: heard })
      return { order, key, memories }
    })
    const curves: Curve[] = []
    const taken: TakenStep[] = []
    for (const name of ['method', 'random', 'herding'] as const) {
      const why = name === 'random' ? await whyNoImages(parts, taken) : undefined
      if (why !== undefined) {
        progress.say(`Memories of real images are skipped: ${why}.`)
        break
      }
      for (const { order, key, memories } of byOrder) {
        const { points, kept, ...stored } = await curveOf(name, memories[name], order, key)
        if (name === 'method') taken.push(...kept)
        const known = curves.findIndex((curve) => curve.memory === name)
        if (known < 0) curves.push({ memory: name, ...stored, orders: [points] })
        else curves[known] = { ...curves[known]!, orders: [...curves[known]!.orders, points] }
      }
    }
    const file = join(folder, `continual-${steps}.json`)
    const { seed, steps: after } = read.config
    const described = describeProtocol(protocol)
    const identity = measuredOf(read.run, described, distilledParts)
    const result = { protocol: described, identity, after, steps, seed, curves }
    await writeWhole(file, `${checkedJson(result, 2)}\n`)
    out.write(
      `\n${tableOf(curves).join('\n')}\n${captionOf(read.config.objective.use, orders, seeds)}\n` +
        `${protocolText(result.protocol)}\nWritten to ${file}; \`haba show ${folder}\` draws it into the page.\n`,
    )
  } finally {
    await opened.close()
  }
}

const captionOf = (objective: string, orders: number, seeds: number) =>
  `method: the run's set by ${objective}, distilled separately from each step's classes. Accuracy on all classes seen so far, ` +
  `mean ± std over orders of the classes (${orders}) and networks of each (${seeds}).`

function tableOf(curves: readonly Curve[]): readonly string[] {
  const first = curves[0]!.orders[0]!
  return alignedLines(
    [
      ['memory', 'bytes', 'floats', ...first.map(({ seen }) => `${seen.length} classes`)],
      ...curves.map(({ memory, floats, bytes, orders }) => [
        memory,
        bytes.toLocaleString('en-US'),
        floats.toLocaleString('en-US'),
        ...first.map((_, step) =>
          accuracyText(summarize(orders.flatMap((points) => points[step]!.accuracy.accuracies))),
        ),
      ]),
    ],
    [0],
  )
}
