import { fold } from '@haba/core'
import { continual, describeProtocol, numpyPermutation, summarise, type ContinualStep } from '@haba/eval'
import { join } from 'node:path'
import { readConfig } from '../config/read-config.js'
import { interruptible, listenForInterruption, type Interruption } from '../interruption.js'
import { progressOn } from '../progress.js'
import { memoriesOf, type Memory } from '../run/continual-memories.js'
import { keyFor, makeProtocol, openEngine, openParts } from '../run/parts.js'
import { protocolText } from '../run/protocol-text.js'
import { accuracyText, alignedLines } from '../run/result.js'
import { configOf, writeWhole } from '../run/run-folder.js'
import { evaluateSettings } from './evaluate.js'
import { overridden } from './distill.js'
import type { Terminal } from './terminal.js'

export interface ContinualOptions {
  readonly steps: number
  readonly orders: number
  readonly seeds: number
  readonly epochs?: number
  readonly data?: string
  readonly engine?: string
}

/** One memory's accuracy over the steps, for every order of the classes. */
interface Curve {
  readonly memory: string
  /** Stored by the end. */
  readonly floats: number
  /** For each order the points of `continual`. */
  readonly orders: readonly (readonly ContinualStep[])[]
}

/** `haba continual`: classes arrive in steps, and only what a memory keeps of them can be learned from (spec §9.3). */
export async function continualCommand(
  folder: string,
  { steps, orders, seeds, epochs, ...elsewhere }: ContinualOptions,
  { out, err }: Terminal,
  interruption?: Interruption,
): Promise<void> {
  const read = overridden(await readConfig(configOf(folder)), elsewhere)
  const progress = progressOn(err)
  const heard = interruption ?? listenForInterruption(progress.say)
  const opened = await openEngine(read, progress.say)
  try {
    const parts = await openParts(read, opened.engine, progress.pulse)
    const settings = { ...evaluateSettings(read, { epochs, protocol: 'dsa' }), rate: 0.01 }
    const protocol = await makeProtocol(parts, settings, undefined)
    const todo = 'Run the same command again: finished steps of distillation are kept.'
    const watch = (onCall: (name: string) => void) => interruptible(opened.engine, heard, todo, onCall)
    const measure = { parts, watch, protocol, networks: seeds, progress }
    const { test, classes } = parts.data

    const curveOf = async (name: string, memory: Memory, order: number, key: ReturnType<typeof keyFor>) => {
      let floats = 0
      const points = await continual({
        engine: watch(() => {}),
        network: parts.network,
        protocol,
        test,
        key: fold(key, 'evaluate'),
        networks: seeds,
        order: numpyPermutation(order, classes),
        steps,
        memory: async (some, step) => {
          const kept = await memory(some, step)
          floats += kept.floats
          return kept.set
        },
        onStep: ({ step, seen, accuracy }) =>
          progress.say(`order ${order}, ${name}, step ${step}: ${seen.length} classes, ${accuracyText(accuracy)}`),
      })
      return { points, floats }
    }
    const curves: Curve[] = []
    for (let order = 0; order < orders; order++) {
      const key = fold(keyFor(parts.key, 'continual'), order)
      const within = join(folder, 'continual', `steps-${steps}-order-${order}`)
      const memories = memoriesOf({ folder: within, parts, measure, key, progress, interruption: heard })
      for (const [name, memory] of Object.entries(memories)) {
        const { points, floats } = await curveOf(name, memory, order, key)
        const known = curves.findIndex((curve) => curve.memory === name)
        if (known < 0) curves.push({ memory: name, floats, orders: [points] })
        else curves[known] = { ...curves[known]!, orders: [...curves[known]!.orders, points] }
      }
    }
    const file = join(folder, `continual-${steps}.json`)
    const { seed, steps: after } = read.config
    const result = { protocol: describeProtocol(protocol), after, steps, seed, curves }
    await writeWhole(file, `${JSON.stringify(result, null, 2)}\n`)
    out.write(
      `\n${tableOf(curves).join('\n')}\n${captionOf(read.config.objective.use, orders, seeds)}\n` +
        `${protocolText(result.protocol)}\nWritten to ${file}; \`haba show ${folder}\` draws it into the page.\n`,
    )
  } finally {
    await opened.close()
  }
}

const captionOf = (objective: string, orders: number, seeds: number) =>
  `method: the run's set by ${objective}, distilled anew from each step's classes. Accuracy on all classes seen so far, ` +
  `mean ± std over orders of the classes (${orders}) and networks of each (${seeds}).`

function tableOf(curves: readonly Curve[]): readonly string[] {
  const first = curves[0]!.orders[0]!
  return alignedLines(
    [
      ['memory', 'floats', ...first.map(({ seen }) => `${seen.length} classes`)],
      ...curves.map(({ memory, floats, orders }) => [
        memory,
        floats.toLocaleString('en-US'),
        ...first.map((_, step) =>
          accuracyText(summarise(orders.flatMap((points) => points[step]!.accuracy.accuracies))),
        ),
      ]),
    ],
    [0],
  )
}
