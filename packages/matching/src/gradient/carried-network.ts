import {
  copyOf,
  disposeTree,
  foldIn,
  oncePerEngine,
  zerosOf,
  type AdvanceContext,
  type Engine,
  type Key,
  type Network,
  type Training,
  type Tree,
} from '@haba/core'

/** A network that objectives carry from step to step. */
export type Carried = {
  readonly training: Training
  /** Steps of the set under this network so far (the released codes' outer loop). */
  readonly turn: number
  /** Networks before this one (the released codes' iterations). */
  readonly networks: number
}

/** How a carried network is trained between two steps of the set. */
export interface Practice {
  readonly momentum: number
  /** The training of a network of this kind on an engine; what it makes replaces, and disposes, what it got. */
  on(engine: Engine, network: Network): (key: Key, from: AdvanceContext<Carried>) => Promise<Training>
}

/** Options of `carriedNetwork`. */
export interface CarriedNetworkOptions {
  readonly network: Network
  /** Steps of the set under one network; after the last it is replaced without further training. */
  readonly turns: number
  readonly practice: Practice
}

/** The life of a carried network: fresh, trained after each step of the set, and replaced after the last. */
export function carriedNetwork({ network, turns, practice }: CarriedNetworkOptions) {
  const trainingOn = oncePerEngine((engine) => practice.on(engine, network))
  const fresh = (key: Key, networks: number): Carried => {
    const { weights, state } = network.init(foldIn(key, 'network'))
    const velocity: Tree = practice.momentum ? zerosOf(weights) : {}
    return { training: { weights, state, velocity }, turn: 0, networks }
  }
  return {
    init: (key: Key): Carried => fresh(key, 0),
    /** Copies for one step: what is drawn is disposed by the caller, the state is not. */
    copy: ({ training: { weights, state } }: Carried): { readonly weights: Tree; readonly state: Tree } =>
      copyOf({ weights, state }),
    async advance(key: Key, from: AdvanceContext<Carried>): Promise<Carried> {
      const { turn, networks } = from.state
      if (turn + 1 >= turns) {
        disposeTree(from.state)
        return fresh(key, networks + 1)
      }
      return { training: await trainingOn(from.engine)(key, from), turn: turn + 1, networks }
    },
  }
}
