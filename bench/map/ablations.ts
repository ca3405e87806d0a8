import { bytesAllowed, type Codec, type Parameterization } from './axes.js'
import type { Cell } from './cells.js'
import type { Effort } from './effort.js'
import { families, perClassOf, releasedOptions, repairedOptions, type SetFamily } from './sets.js'

/** A question to the map: cells that differ in one thing. */
export interface Ablation {
  /** Lines of one section of the document have one question. */
  readonly question: string
  /** What this one does. */
  readonly answer: string
  readonly cell: Cell
}

/** 13,328 floats and labels: one whole basis of each class and four hallucinators as released. */
export const ablationBytes = 4 * 13_328 + 100

const effort: Effort = {
  width: 32,
  work: 60_000,
  seen: 25_000,
  real: { dm: 64, dsa: 32 },
  student: { steps: 20, batch: 50 },
}

/** The same for all, however many images a set has: what differs is one thing. */
export const ablationSteps = 150

const codec: Codec = 32
const side = 14

/** HaBa with as many bases as fit. @param set what differs from HaBa repaired */
const haba = (hallucinators: number, set: object = {}): SetFamily => ({
  details: [side],
  at: (_, items) => ({
    set: {
      use: 'factorized',
      basesPerClass: perClassOf(items),
      hallucinators,
      basis: [side, side, 1],
      ...repairedOptions,
      ...set,
    },
    items,
    images: items * hallucinators,
  }),
})

interface Line {
  readonly name: string
  readonly answer: string
  readonly family: SetFamily
  /** @default "haba-repaired" */
  readonly of?: Parameterization
  readonly more?: Cell['more']
  readonly bytes?: number
  readonly dataset?: Cell['dataset']
  readonly effort?: Effort
}

const reference = haba(5)

function asked(question: string, lines: readonly Line[]): readonly Ablation[] {
  return lines.map(
    ({ name, answer, dataset = 'mnist', of = 'haba-repaired', bytes = ablationBytes, more, ...rest }) => ({
      question,
      answer,
      cell: {
        name: `ablation-${name}`,
        group: 'ablation',
        dataset,
        objective: 'dm',
        of,
        codec,
        bytes,
        effort,
        others: [],
        ...rest,
        more: { steps: ablationSteps, ...more },
      },
    }),
  )
}

const weights = { cosine: 0.1, task: 1, likelihood: 0.1, contrastive: 0.1 }

/** The game with all of its parts, and with each left out. */
function games(relative: boolean): readonly Line[] {
  const kind = relative ? 'relative' : 'fixed'
  const line = (part: string, change: object, answer: string): Line => ({
    name: `game-${kind}${part}`,
    answer: `${answer}, weights ${relative ? "as shares of the objective's loss" : 'fixed'}`,
    family: reference,
    more: { games: [{ use: 'adversarial-contrast', relative, ...weights, ...change }] },
  })
  return [
    line('', {}, 'all parts'),
    ...Object.keys(weights).map((part) => line(`-no-${part}`, { [part]: 0 }, `without "${part}"`)),
  ]
}

/** Twenty hallucinators that classes share, or two of each class's own, store the same bytes. */
const sharings = (bases: number): readonly Line[] =>
  (['shared', 'per-class'] as const).map((sharing) => {
    const hallucinators = sharing === 'shared' ? 20 : 2
    return {
      name: `${sharing}-${bases}`,
      answer: `${bases} ${bases === 1 ? 'basis' : 'bases'} a class, ${hallucinators} hallucinators ${sharing === 'shared' ? 'that classes share' : 'of each class'}`,
      family: haba(hallucinators, { sharing }),
      // Bases, hallucinators and labels, alike on both sides.
      bytes: 4 * (10 * bases * side * side + 20 * 308) + 10 * bases,
    }
  })

const counts = [1, 2, 4, 8, 16]

const channels = (count: 1 | 3): Line => ({
  name: `cifar10-${count === 1 ? 'single-channel' : 'color'}-bases`,
  answer: count === 1 ? 'bases of a single channel (CIFAR-10)' : 'bases of three channels (CIFAR-10)',
  dataset: 'cifar10',
  bytes: bytesAllowed('cifar10', 1),
  effort: { ...effort, width: 64, work: 40_000, seen: 10_000 },
  family: {
    details: [16],
    at: (size, items) => ({
      set: {
        use: 'factorized',
        basesPerClass: perClassOf(items),
        hallucinators: 4,
        basis: [size, size, count],
        ...repairedOptions,
      },
      items,
      images: 4 * items,
    }),
  },
})

const start = (name: string, answer: string, set: object): Line => ({
  name,
  answer,
  family: haba(5, set),
})

/** Images of each class that the reference shows: about six bases under five hallucinators. */
const asMany = 30

/** The ablations: MNIST, DM, at equal bytes but for one line, which has an equal number of images. */
export const ablations: readonly Ablation[] = [
  ...asked('What does the whole set in each step change?', [
    { name: 'reference', answer: 'HaBa repaired: all views of a class in a step', family: reference },
    { name: 'one-view', answer: 'one view of a class in a step', family: reference, more: { objective: { views: 1 } } },
    {
      name: 'two-views',
      answer: 'two views of a class in a step',
      family: reference,
      more: { objective: { views: 2 } },
    },
    { name: 'pixels', answer: 'plain pixels', of: 'pixels', family: families('mnist').pixels },
    {
      name: 'multi-formation',
      answer: 'multi-formation',
      of: 'multi-formation',
      family: families('mnist')['multi-formation'],
    },
    {
      name: 'released-one-view',
      answer: 'HaBa as released, one view in a step',
      of: 'haba-released',
      family: haba(4, { ...releasedOptions, basis: [28, 28, 1] }),
      more: { objective: { views: 1 } },
    },
    {
      name: 'released-all-views',
      answer: 'HaBa as released, all views in a step',
      of: 'haba-released',
      family: haba(4, { ...releasedOptions, basis: [28, 28, 1] }),
    },
  ]),
  ...asked('Is HaBa ahead of pixels also at an equal number of images?', [
    {
      name: 'pixels-as-many-images',
      answer: `plain pixels, ${asMany} images a class as the reference shows, in more bytes`,
      of: 'pixels',
      bytes: bytesAllowed('mnist', asMany),
      family: families('mnist').pixels,
    },
  ]),
  ...asked('Do the parts of the game act?', [...games(true), ...games(false)]),
  ...asked('Do hallucinators of each class do better with few bases, and not with many?', [1, 5, 10].flatMap(sharings)),
  ...asked(
    'How many hallucinators?',
    counts.map((count) => ({
      name: `hallucinators-${count}`,
      answer: `${count}, and as many bases as fit`,
      family: haba(count),
    })),
  ),
  ...asked('Do single-channel bases serve for color images?', [channels(3), channels(1)]),
  ...asked('Where do hallucinators start?', [
    start('start-released', "PyTorch's random start", { initializer: 'released' }),
    start('start-fit', 'fitted to real images', { fit: { steps: 1000 } }),
  ]),
  ...asked('Where are maps, and what do they hold?', [
    start('enlarge-first', 'bases are enlarged before they are encoded', { enlarge: 'first' }),
    start('modulation-channel', 'a scale and a shift a channel', { modulation: 'channel' }),
  ]),
]
