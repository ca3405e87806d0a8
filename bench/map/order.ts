import { budgets, datasets } from './axes.js'
import { cells, gridName, type Cell } from './cells.js'

/**
 * Names and globs, the most important first: whether all views of a class belong into a step, and how hallucinators start; then MNIST
 * at the small budget, then CIFAR-10. The rest of the table follows.
 */
const first: readonly string[] = [
  'mnist-1-real-*',
  'mnist-1-dm-pixels-32bit',
  'mnist-1-dm-haba-repaired-32bit',
  'mnist-1-dm-*-dct',
  'mnist-1-dm-haba-*-8bit',
  'ablation-reference',
  'ablation-one-view',
  'ablation-pixels',
  'ablation-multi-formation',
  'ablation-released-*',
  'ablation-start-*',
  'mnist-1-dm-pixels-*',
  'mnist-1-dm-haba-*',
  'mnist-1-dm-*-8bit',
  'mnist-1-dm-*',
  ...['dsa', 'mtt'].flatMap((objective) =>
    ['pixels', 'haba-repaired', 'multi-formation', 'haba-released'].flatMap((of) =>
      ['8bit', '32bit'].map((codec) => `mnist-1-${objective}-${of}-${codec}`),
    ),
  ),
  'cifar10-1-real-*',
  'cifar10-1-dm-*-dct',
  'cifar10-1-dm-pixels-8bit',
  'cifar10-1-dm-haba-repaired-8bit',
  'cifar10-1-dm-*-8bit',
  'cifar10-1-dm-*-32bit',
  ...['pixels', 'haba-repaired', 'fred'].map((of) => `cifar10-1-mtt-${of}-8bit`),
  'cifar10-10-dm-pixels-dct',
  'cifar10-10-dm-pixels-8bit',
  'cifar10-10-dm-haba-repaired-8bit',
  'cifar10-10-dm-multi-formation-8bit',
  'cifar10-10-dm-fred-8bit',
  'cifar10-10-real-*',
  'ablation-*',
]

const matches = (pattern: string) => new RegExp(`^${pattern.replaceAll('*', '.*')}$`)

/** Cells that are run before all others: about sixty, and the ablations. */
export const firstCells: readonly Cell[] = [
  ...new Set(first.flatMap((pattern) => cells.filter(({ name }) => matches(pattern).test(name)))),
]

/** Every cell, the most important first. */
export const byImportance: readonly Cell[] = [...new Set([...firstCells, ...cells])]

/**
 * Grid cells whose smallest set takes more bytes than it may: one whole basis of each class and five hallucinators are more than one
 * image of each class.
 */
export const tooLarge: ReadonlySet<string> = new Set(
  datasets.flatMap((dataset) =>
    (['dm', 'dsa', 'mtt'] as const).map((objective) =>
      gridName({ dataset, budget: budgets[0], objective, of: 'haba-released', codec: 32 }),
    ),
  ),
)
