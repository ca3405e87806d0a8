/** Plugins that are wrong in one way each. `mutants.test.ts` holds that the suite of each finds it. */
import {
  add,
  adam,
  foldIn,
  mapTree,
  mean,
  mul,
  pixels,
  scalar,
  sgd,
  square,
  stopGradient,
  storageOf,
  sub,
  tensor,
  type Augmentation,
  type Dataset,
  type Engine,
  type Game,
  type Mixing,
  type Network,
  type Optimizer,
  type Parameterization,
  type Rows,
  type SumObjective,
  type Tree,
} from '@haba/core'
import { brightness, mixUp } from '@haba/augment'
import { distributionMatching } from '@haba/matching'
import {
  referenceEngine,
  testAugmentation,
  testDataset,
  testEngine,
  testGame,
  testMixing,
  testNetwork,
  testObjective,
  testOptimizer,
  testParameterization,
  tinyNetwork,
  toyData,
  toySet,
} from '@haba/testing'
import type { Scalar, Tensor, Tensor4D } from '@tensorflow/tfjs-core'

let calls = 0
/** Another number at every call. */
const counted = () => 1 + 0.01 * ++calls
/** The same value, with a slope that is 1 % too steep. */
const steeper = <T extends Tensor>(x: T): T => sub(mul(x, 1.01), stopGradient(mul(x, 0.01))) as T
/** The key that an object gives to its n-th call. */
const wandering = () => {
  let own = 0
  return <K extends Parameters<typeof foldIn>[0]>(key: K) => foldIn(key, `${own++}`)
}

type Means = SumObjective<never, never, never, never>
const objective = (name: string, change: (good: Means) => Partial<Means>) =>
  testObjective({
    make: () => {
      const good = distributionMatching({ network: tinyNetwork(), realPerClass: 4 }) as unknown as Means
      return { ...good, ...change(good), name }
    },
  })
objective('impure term', ({ term }) => ({ term: (...args) => mul(term(...args), counted()) }))
objective('order-dependent draw', ({ draw }) => {
  const own = wandering()
  return { draw: (key, from) => draw(own(key), from) }
})
objective('leak in draw', ({ draw }) => ({
  draw: (key, from) => {
    scalar(1)
    return draw(key, from)
  },
}))
objective('gradient 1 % off', ({ term }) => ({ term: (...args) => steeper(term(...args)) }))
objective('forgotten view', ({ term }) => ({
  term: (set, ...rest) =>
    term(
      { ...set, render: ({ slots, views }: Rows) => set.render({ slots, views: mul(views, 0) as typeof views }) },
      ...rest,
    ),
}))

const set = (name: string, change: (good: Parameterization<Tree>) => Partial<Parameterization<Tree>>) =>
  testParameterization({
    make: () => {
      const good = toySet({ certainty: 0.9 }) as unknown as Parameterization<Tree>
      return { ...good, ...change(good), name }
    },
  })
const imagesOf = (good: Parameterization<Tree>, change: (images: Tensor4D) => Tensor4D) => ({
  render: (params: Tree, rows: Rows) => {
    const { images, targets } = good.render(params, rows)
    return { images: change(images), targets }
  },
})
set('impure render', (good) => imagesOf(good, (images) => mul(images, counted())))
set('order-dependent start', ({ init }) => {
  const own = wandering()
  return { init: (key, ...rest) => init(own(key), ...rest) }
})
set('leak in start', ({ init }) => ({
  init: (...args) => {
    scalar(1)
    return init(...args)
  },
}))
set('gradient 1 % off', (good) => imagesOf(good, steeper))
set('forgotten view', ({ render }) => ({
  render: (params, { slots, views }) => render(params, { slots, views: mul(views, 0) as typeof views }),
}))
set('wrong storage', (good) => ({
  storage: (params) => {
    const { floats, bits, bytes, ...rest } = storageOf(good, params)
    return { ...rest, floats: floats - 1, bits: bits - 32, bytes: bytes - 4 }
  },
}))

type Move = { readonly first: Rows }
const game = (name: string, change: (good: Game<Move>) => Partial<Game<Move>>) =>
  testGame({
    make: () => {
      const seen = (rows: Rows, set: Parameters<Game<Move>['penalty']>[1], critic: Tree) =>
        sub(mean(set.render(rows).images), (critic as { readonly number: Scalar }).number)
      const good: Game<Move> = {
        name,
        optimizer: sgd({ learningRate: 0.1 }),
        init: () => ({ number: scalar(0.3) }),
        draw: (key, { slots }) => ({
          first: {
            slots: tensor(Int32Array.of(key.lo % slots, 0), [2]) as Rows['slots'],
            views: tensor(Int32Array.of(0, 1), [2]) as Rows['views'],
          },
        }),
        penalty: ({ first }, at, critic) => add(square(seen(first, at, critic)), 1) as Scalar,
        critique: ({ first }, at, critic) => add(square(seen(first, at, critic)), 1) as Scalar,
      }
      return { ...good, ...change(good) }
    },
  })
game('impure penalty', ({ penalty }) => ({ penalty: (...args) => mul(penalty(...args), counted()) }))
game('order-dependent draw', ({ draw }) => {
  let own = 0
  return { draw: (key, layout) => draw({ hi: key.hi, lo: key.lo + own++ }, layout) }
})
game('leak in draw', ({ draw }) => ({
  draw: (...args) => {
    scalar(1)
    return draw(...args)
  },
}))
game('gradient 1 % off', ({ critique }) => ({ critique: (...args) => steeper(critique(...args)) }))

const augmentation = (name: string, change: (good: Augmentation) => Partial<Augmentation>) =>
  testAugmentation({
    make: () => {
      const good = brightness() as unknown as Augmentation
      return { ...good, ...change(good), name }
    },
    draws: 1,
  })
augmentation('impure apply', ({ apply }) => ({ apply: (...args) => mul(apply(...args), counted()) }))
augmentation('order-dependent draw', ({ draw }) => {
  const own = wandering()
  return { draw: (key, ...rest) => draw(own(key), ...rest) }
})
augmentation('leak in draw', ({ draw }) => ({
  draw: (...args) => {
    scalar(1)
    return draw(...args)
  },
}))
augmentation('gradient 1 % off', ({ apply }) => ({ apply: (...args) => steeper(apply(...args)) }))

const mixing = (name: string, change: (good: Mixing) => Partial<Mixing>) =>
  testMixing({
    make: () => {
      const good = mixUp() as unknown as Mixing
      return { ...good, ...change(good), name }
    },
    image: [3, 4, 1],
    draws: 1,
  })
mixing('impure apply', ({ apply }) => ({
  apply: (...args) => ({ ...apply(...args), images: mul(apply(...args).images, counted()) }),
}))
mixing('order-dependent draw', ({ draw }) => {
  const own = wandering()
  return { draw: (key, ...rest) => draw(own(key), ...rest) }
})
mixing('leak in draw', ({ draw }) => ({
  draw: (...args) => {
    scalar(1)
    return draw(...args)
  },
}))
mixing('gradient 1 % off', ({ apply }) => ({
  apply: (...args) => ({ ...apply(...args), images: steeper(apply(...args).images) }),
}))
mixing('forgotten targets', ({ apply }) => ({
  apply: (batch, draw) => ({ images: apply(batch, draw).images, targets: batch.targets }),
}))

const optimizer = (name: string, change: (good: Optimizer) => Partial<Optimizer>) =>
  testOptimizer({
    name,
    make: () => {
      const good = adam({ learningRate: 0.05 })
      return { ...good, ...change(good) }
    },
  })
const scaledBy = (good: Optimizer, by: () => number): Partial<Optimizer> => ({
  update: (grads, state, params) => {
    const { updates, state: next } = good.update(grads, state, params)
    const factor = by()
    return { updates: mapTree((u) => mul(u, factor), updates), state: next }
  },
})
optimizer('impure update', (good) => scaledBy(good, counted))
optimizer('hidden state', (good) => {
  let steps = 0
  return scaledBy(good, () => 1 / ++steps)
})
optimizer('away from the gradient', (good) => scaledBy(good, () => -1))
optimizer('state of another structure', ({ update }) => ({
  update: (grads, state, params) => {
    const { updates, state: next } = update(grads, state, params)
    return { updates, state: { ...(next as object), more: scalar(1) } }
  },
}))

const network = (name: string, change: (good: Network) => Partial<Network>) =>
  testNetwork({
    make: () => {
      const good = tinyNetwork({ image: [4, 4, 1], width: 2 }) as unknown as Network
      return { ...good, ...change(good), name }
    },
    image: [4, 4, 1],
    classes: 3,
  })
const logitsOf = ({ apply }: Network, change: (logits: Tensor) => Tensor): Partial<Network> => ({
  apply: (...args) => {
    const output = apply(...args)
    return { ...output, logits: change(output.logits) as typeof output.logits }
  },
})
network('impure apply', (good) => logitsOf(good, (logits) => mul(logits, counted())))
network('order-dependent start', ({ init }) => {
  const own = wandering()
  const fresh = `${calls++}`
  return { init: (key) => init(own(foldIn(key, fresh))) }
})
network('gradient 1 % off', (good) => logitsOf(good, steeper))
network('rows that see each other', (good) => logitsOf(good, (logits) => add(logits, mul(mean(logits), 0.1))))

const dataset = (name: string, change: (good: Dataset) => Partial<Dataset>) =>
  testDataset({
    name,
    sizes: { train: 9, test: 9 },
    make: () => {
      const source = toyData({ perClass: 3 })
      const good: Dataset = {
        name,
        image: source.image,
        classes: source.classes,
        classNames: Array.from({ length: source.classes }, (_, i) => `class ${i}`),
        preprocessing: {
          name: 'double',
          settings: {},
          apply: (values) => values.map((v) => 2 * v),
          invert: (values) => values.map((v) => v / 2),
        },
        train: source,
        test: source,
      }
      return { ...good, ...change(good) }
    },
  })
const reading = ({ train }: Dataset, images: typeof train.images): Partial<Dataset> => ({ train: { ...train, images } })
dataset('rows in another order', (good) => reading(good, (indices) => good.train.images(indices.slice().sort())))
dataset('leak in images', (good) =>
  reading(good, (indices) => {
    scalar(1)
    return good.train.images(indices)
  }),
)
dataset('inverse 1 % off', ({ preprocessing }) => ({
  preprocessing: { ...preprocessing, invert: (values) => values.map((v) => v / 2.02) },
}))

const engine = (name: string, change: (good: Engine) => Partial<Engine>) =>
  testEngine(
    () => {
      const good = referenceEngine()
      return { ...good, stats: good.stats, ...change(good) }
    },
    { name },
  )
engine('leak in a call', ({ compile }) => ({
  compile: (name, fn) => {
    const run = compile(name, fn)
    return (...args) => {
      scalar(1)
      return run(...args)
    }
  },
}))
const changed =
  <A extends readonly unknown[], R extends Tree>(fn: (...args: A) => R, change: (value: Tensor) => Tensor) =>
  (...args: A): R =>
    mapTree((value) => (value.dtype === 'float32' ? change(value) : value), fn(...args))
engine('one op 1 % off', ({ compile }) => ({
  compile: (name, fn) => compile(name, name.includes('exp') ? changed(fn, (value) => mul(value, 1.01)) : fn),
}))
engine('linearized gradient 1 % off', ({ linearize }) => ({
  linearize: (name, fn) => linearize(name, changed(fn, steeper)),
}))
engine('compiles at each call', ({ compile }) => ({
  compile:
    (name, fn) =>
    (...args) =>
      compile(name, fn)(...args),
}))
engine('prepares a derivative at each call', ({ linearize }) => ({
  linearize: (name, fn) => {
    let last = linearize(name, fn)
    return {
      forward(...args) {
        last = linearize(name, fn)
        return last.forward(...args)
      },
      backward: (...args) => last.backward(...args),
    }
  },
}))

// Nothing is wrong with these: the harness would be if they failed.
testOptimizer({ name: 'good', make: () => adam({ learningRate: 0.05 }) })
testParameterization({
  make: () => ({
    ...(pixels({ image: [3, 3, 1], classes: 2, perClass: 1 }) as unknown as Parameterization<Tree>),
    name: 'good',
  }),
})
