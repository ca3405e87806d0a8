import { join } from 'node:path'
import {
  architectures,
  crossArchitecture,
  published,
  sizes,
  type DatasetName,
  type MethodName,
  type Size,
} from './published.js'
import { coresets, methods } from './settings.js'

/** One configuration file, and what it stands for. */
export interface Cell {
  readonly name: string
  readonly dataset: DatasetName
  /** Images a class that the budget goes with. */
  readonly size: Size
  readonly method: MethodName | 'coresets'
  readonly config: Readonly<Record<string, unknown>> & { readonly steps: number }
  /** What is not as it was published, or not known. */
  readonly note?: string
  /** Other networks that the set is tested with at the end. */
  readonly others: readonly string[]
}

/** Where the configuration files lie. */
export const cellFolder = join(import.meta.dirname, 'cells')

/** The file of a cell. */
export const cellFile = ({ name }: Pick<Cell, 'name'>): string => join(cellFolder, `${name}.json`)

/** `cifar10-1-haba`; coresets of one budget share a cell. */
export const cellName = (dataset: DatasetName, size: Size, method: Cell['method']): string =>
  `${dataset}-${size}-${method}`

function cell(dataset: DatasetName, size: Size, method: Cell['method']): Cell {
  const { config, note } = (method === 'coresets' ? coresets : methods[method])(dataset, size)
  const name = cellName(dataset, size, method)
  const network = { use: 'convnet', depth: 3, width: 128 }
  const crossed =
    dataset === 'cifar10' && crossArchitecture.some((line) => line.size === size && line.method === method)
  return {
    name,
    dataset,
    size,
    method,
    config: { name, seed: 1, engine: 'onnx', network, checkpointEvery: 50, ...config } as unknown as Cell['config'],
    ...(note !== undefined && { note }),
    others: crossed ? Object.keys(architectures).filter((other) => other !== network.use) : [],
  }
}

const isMethod = (name: string): name is MethodName => Object.hasOwn(methods, name)

/** What HaBa's paper says about, without numbers that could be read: beside the cells of the same budget. */
export const ablations: readonly (Pick<Cell, 'size'> & { readonly method: MethodName; readonly statement: string })[] =
  [
    {
      size: 1,
      method: 'haba-per-class',
      statement: 'hallucinators of its own for every class: better than shared ones at few bases',
    },
    { size: 10, method: 'haba-per-class', statement: 'the same: no better at more bases' },
    { size: 1, method: 'haba-gray', statement: 'three single-channel bases a class: little is lost' },
  ]

/** Every cell, in the order of the document. */
export const cells: readonly Cell[] = [
  ...Object.entries(published).flatMap(([name, rows]) => {
    const dataset = name as DatasetName
    const own = rows.flatMap(({ method, values }) =>
      isMethod(method) ? values.map((_, i) => ({ method, size: sizes[i]!, known: values[i] })) : [],
    )
    const real = rows.some(({ method }) => !isMethod(method)) ? sizes : []
    return [
      ...real.map((size) => cell(dataset, size, 'coresets')),
      ...own
        .filter(({ known }) => known !== undefined || dataset === 'mnist')
        .map(({ method, size }) => cell(dataset, size, method)),
    ]
  }),
  ...ablations.map(({ size, method }) => cell('cifar10', size, method)),
]
