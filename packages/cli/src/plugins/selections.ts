import { forgetting, herding, kCenter, kMeans, type Features, type Selection } from '@haba/coreset'

/** What a training on all images told. */
interface Observations {
  readonly features: Features
  readonly forgotten: Int32Array
}

interface SelectionEntry {
  readonly title: string
  readonly summary: string
  make(observations: Observations): Selection
}

/** Ways to choose real images, by the names that the section "compare" knows them by. */
export const selections = {
  herding: {
    title: 'herding',
    summary: 'real images whose mean features follow the mean of their class',
    make: herding,
  },
  kCenter: {
    title: 'k-center',
    summary: 'real images that leave none of their class far away',
    make: kCenter,
  },
  forgetting: {
    title: 'forgetting',
    summary: 'real images that a training forgot most often',
    make: ({ forgotten }) => forgetting({ counts: forgotten }),
  },
  kMeans: {
    title: 'k-means',
    summary: 'real images nearest to the centers of clusters of their class',
    make: kMeans,
  },
} as const satisfies Record<string, SelectionEntry>

export type SelectionName = keyof typeof selections

export const selectionNames = Object.keys(selections) as readonly SelectionName[]
