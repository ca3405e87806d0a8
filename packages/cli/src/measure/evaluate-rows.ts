import { type Engine, type Network, type RealSource, type RenderedSet } from '@haba/core'
import {
  chooseOnValidation,
  dataOfReal,
  describeProtocol,
  evaluateReal,
  evaluateSet,
  summarize,
  type Accuracy,
  type Candidate,
  type Choice,
  type EvaluateOptions,
  type Protocol,
} from '@haba/eval'
import type { Progress } from '../tell/progress.js'
import { keyFor, type Parts } from '../assemble/parts.js'
import type { Described } from '../tell/protocol-text.js'
import { accuracyText } from '../tell/tables.js'
import type { StoredImages } from './stored-images.js'

/** How every row is measured. */
export interface Measure {
  readonly parts: Parts
  /** It may be `interruptible`. */
  readonly engine: Engine
  readonly protocol: Protocol
  readonly networks: number
  readonly progress: Progress
  /** Other networks to measure every row with, at the learning rate and checkpoint chosen for the run's network. @default none */
  readonly others?: readonly Network[]
  /** What remains to be chosen on validation data; `protocol` is complete except for the learning rate. */
  readonly choosing?: Choosing
}

/** How a protocol chooses. */
interface Choosing {
  readonly validation: RealSource
  readonly rates: readonly number[]
  /** Networks per trial. */
  readonly trialNetworks: number
  protocolAt(rate: number): Protocol
}

/** A measurement, with the choice it belongs to, if any. */
export interface Measured extends Accuracy {
  /** Absent if networks were trained as the set prescribes. */
  readonly protocol?: Described
  readonly choice?: Choice
  /** Accuracies of the other networks. */
  readonly others?: readonly OtherAccuracy[]
}

/** The accuracy of another kind of network. */
interface OtherAccuracy extends Accuracy {
  readonly network: string
}

/**
 * Options for an evaluation. All sets are measured with networks of the same initial weights.
 *
 * @param items images that the networks are trained on
 */
export function optionsOf(
  { parts, engine, protocol, networks, progress }: Measure,
  what: string,
  items: number,
): EvaluateOptions {
  const { network, data, key } = parts
  const total = networks * protocol.epochs * Math.ceil(items / protocol.batch)
  let done = 0
  let last = ''
  return {
    engine,
    network,
    protocol,
    networks,
    test: data.test,
    key: keyFor(key, 'evaluate'),
    onStep: () => progress.count(`testing ${what}: training step`, ++done, total, last),
    onNetwork: (_, accuracy) => (last = `accuracy ${(100 * accuracy).toFixed(2)} %`),
  }
}

/** A measure with nothing left to choose. */
export interface Settled {
  readonly measure: Measure
  readonly choice?: Choice
}

/** Chooses learning rate and candidate on validation data, if the protocol chooses. */
export async function settle(measure: Measure, what: string, candidates: readonly Candidate[]): Promise<Settled> {
  const { choosing, ...rest } = measure
  if (!choosing) return { measure }
  const { validation, rates, trialNetworks, protocolAt } = choosing
  const trials = { ...rest, networks: trialNetworks * (rates.length + candidates.length - 1) }
  const { test: _, ...options } = optionsOf(trials, `${what} on validation data`, candidates[0]!.data.items)
  const choice = await chooseOnValidation({ ...options, candidates, rates, trialNetworks, validation, protocolAt })
  return { measure: { ...rest, protocol: protocolAt(choice.rate) }, choice }
}

/** Trains and tests the run's network, then the others. */
async function measured(
  { measure, choice }: Settled,
  what: string,
  items: number,
  evaluate: (options: EvaluateOptions) => Promise<Accuracy>,
): Promise<Measured> {
  const { parts, progress, protocol, others: networks = [] } = measure
  const accuracy = await evaluate(optionsOf(measure, what, items))
  const how = choice ? `, at learning rate ${choice.rate}, chosen on validation data` : ''
  progress.say(`${what}: ${accuracyText(accuracy)}${how}`)
  const others: OtherAccuracy[] = []
  for (const network of networks) {
    const own = `${what}, ${network.name}`
    const reached = await evaluate(optionsOf({ ...measure, parts: { ...parts, network } }, own, items))
    progress.say(`${own}: ${accuracyText(reached)}`)
    others.push({ network: network.name, ...reached })
  }
  return {
    ...accuracy,
    protocol: describeProtocol(protocol),
    ...(choice && { choice }),
    ...(others.length > 0 && { others }),
  }
}

/** Measures fresh networks on a distilled set. */
export async function measureSet(set: RenderedSet, settled: Settled, what: string): Promise<Measured> {
  return measured(settled, what, set.layout.slots, (options) => evaluateSet(set, options))
}

/** Measures fresh networks on real images: all, or the chosen ones. */
export async function measureReal(
  real: RealSource,
  measure: Measure,
  what: string,
  chosen?: Int32Array,
): Promise<Measured> {
  const data = dataOfReal(real, chosen)
  const settled = await settle(measure, what, [{ name: what, data }])
  return measured(settled, what, data.items, (options) => evaluateReal(real, options, chosen))
}

/** Measures fresh networks on random real images, drawn for every network, so that the deviation includes the draw. */
export async function measureRandom(
  drawn: (network: number) => Promise<StoredImages>,
  measure: Measure,
  what: string,
): Promise<Measured> {
  const first = await drawn(0)
  const settled = await settle(measure, what, [{ name: what, data: dataOfReal(first.source) }])
  return measured(settled, what, first.indices.length, async (options) => {
    const accuracies: number[] = []
    for (let i = 0; i < measure.networks; i++) {
      const own = { ...options, networks: 1, first: i }
      accuracies.push((await evaluateReal((await drawn(i)).source, own)).mean)
    }
    return summarize(accuracies)
  })
}
