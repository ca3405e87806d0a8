/** Accuracies that papers printed, in percent, at 1, 10 and 50 images a class; the letters of `sources` say where. */

/** Where a number was read. */
export const sources = {
  a: 'AutoPalette, table 1',
  b: 'GSDD, table 15',
  c: 'FTD, table 1',
  d: 'KIP, table 1',
  e: 'the readme of the DC code, without deviations',
  f: 'FTD, table 3',
  i: 'the readme of the IDC code, without deviations',
  m: 'from memory, not verified',
} as const

export type Source = keyof typeof sources

/** Images of every class whose floats a set may have. */
export const sizes = [1, 10, 50] as const
export type Size = (typeof sizes)[number]

export type DatasetName = 'mnist' | 'cifar10' | 'cifar100' | 'svhn'
type CoresetName = 'random' | 'herding' | 'kCenter' | 'forgetting'
export type MethodName =
  | 'dd'
  | 'ld'
  | 'dc'
  | 'dsa'
  | 'dcc'
  | 'dsac'
  | 'dm'
  | 'cafe'
  | 'cafe-dsa'
  | 'idc-i'
  | 'idc'
  | 'mtt'
  | 'haba'
  | 'haba-per-class'
  | 'haba-gray'

/** A row of a table. */
export interface PublishedRow {
  readonly method: CoresetName | MethodName
  /** One for each size, `mean ± std`; undefined where none is known. */
  readonly values: readonly (string | undefined)[]
  readonly sources: readonly Source[]
}

const row = (method: PublishedRow['method'], from: string, ...values: PublishedRow['values']): PublishedRow => ({
  method,
  values,
  sources: [...from] as Source[],
})

/** The tables, in the order of the document. */
export const published: Readonly<Record<DatasetName, readonly PublishedRow[]>> = {
  mnist: [row('ld', 'd', '60.9 ± 3.2'), row('dc', 'e', '91.7'), row('dsa', 'e', '88.7'), row('dm', 'm', '89.7 ± 0.6')],
  cifar10: [
    row('random', 'am', '14.4 ± 2.0', '26.0 ± 1.2', '43.4 ± 1.0'),
    row('herding', 'a', '21.5 ± 1.3', '31.6 ± 0.7', '40.4 ± 0.6'),
    row('kCenter', 'a', '23.3 ± 0.9', '36.4 ± 0.6', '48.7 ± 0.3'),
    row('forgetting', 'm', '13.5 ± 1.2', '23.3 ± 1.0', '23.3 ± 1.1'),
    row('dd', 'a', undefined, '36.8 ± 1.2', undefined),
    row('ld', 'd', '25.7 ± 0.7', '38.3 ± 0.4', '42.5 ± 0.4'),
    row('dc', 'acde', '28.3 ± 0.5', '44.9 ± 0.5', '53.9 ± 0.5'),
    row('dsa', 'cde', '28.8 ± 0.7', '52.1 ± 0.5', '60.6 ± 0.5'),
    row('dcc', 'm', '32.9 ± 0.8', '49.4 ± 0.5', '61.6 ± 0.4'),
    row('dsac', 'm', '34.0 ± 0.7', '54.5 ± 0.5', '64.2 ± 0.4'),
    row('dm', 'ac', '26.0 ± 0.8', '48.9 ± 0.6', '63.0 ± 0.4'),
    row('cafe', 'c', '30.3 ± 1.1', '46.3 ± 0.6', '55.5 ± 0.6'),
    row('cafe-dsa', 'c', '31.6 ± 0.8', '50.9 ± 0.5', '62.3 ± 0.4'),
    row('idc-i', 'i', '36.7', '58.3', '69.5'),
    row('idc', 'i', '50.6', '67.5', '74.5'),
    row('mtt', 'ab', '46.3 ± 0.8', '65.3 ± 0.7', '71.6 ± 0.2'),
    row('haba', 'b', '48.3 ± 0.8', '69.9 ± 0.4', '74.0 ± 0.2'),
  ],
  cifar100: [
    row('random', 'a', '4.2 ± 0.3', '14.6 ± 0.5', '30.0 ± 0.4'),
    row('herding', 'a', '8.4 ± 0.3', '17.3 ± 0.3', '33.7 ± 0.5'),
    row('kCenter', 'a', '8.6 ± 0.3', '20.7 ± 0.2', '33.6 ± 0.4'),
    row('forgetting', 'm', '4.5 ± 0.2', '15.1 ± 0.3', '30.5 ± 0.3'),
    row('ld', 'm', '11.5 ± 0.4', undefined, undefined),
    row('dc', 'acd', '12.8 ± 0.3', '25.2 ± 0.3', undefined),
    row('dsa', 'cd', '13.9 ± 0.3', '32.3 ± 0.3', '42.8 ± 0.4'),
    row('dm', 'ac', '11.4 ± 0.3', '29.7 ± 0.3', '43.6 ± 0.4'),
    row('cafe', 'c', '12.9 ± 0.3', '27.8 ± 0.3', '37.9 ± 0.3'),
    row('cafe-dsa', 'c', '14.0 ± 0.3', '31.5 ± 0.2', '42.9 ± 0.2'),
    row('mtt', 'ab', '24.3 ± 0.3', '40.1 ± 0.4', '47.7 ± 0.2'),
    row('haba', 'a', '33.4 ± 0.4', '40.2 ± 0.2', '47.0 ± 0.2'),
  ],
  svhn: [
    row('random', 'm', '14.6 ± 1.6', '35.1 ± 4.1', '70.9 ± 0.9'),
    row('herding', 'm', '20.9 ± 1.3', '50.5 ± 3.3', '72.6 ± 0.8'),
    row('kCenter', 'm', '21.0 ± 1.5', '14.0 ± 1.3', '20.1 ± 1.4'),
    row('forgetting', 'm', '12.1 ± 1.7', '16.8 ± 1.2', '27.2 ± 1.5'),
    row('dc', 'de', '31.2 ± 1.4', '76.1 ± 0.6', '82.3 ± 0.3'),
    row('dsa', 'de', '27.5 ± 1.4', '79.2 ± 0.5', '84.4 ± 0.4'),
    row('cafe', 'm', '42.6 ± 3.3', '75.9 ± 0.6', '81.3 ± 0.3'),
    row('cafe-dsa', 'm', '42.9 ± 3.0', '77.9 ± 0.6', '82.3 ± 0.4'),
    row('idc-i', 'i', '46.7', '77.0', '87.9'),
    row('idc', 'i', '68.5', '87.5', '90.1'),
    row('mtt', 'm', '58.5 ± 1.4', '70.8 ± 1.8', '85.7 ± 0.1'),
    row('haba', 'm', '69.8 ± 1.3', '83.2 ± 0.4', '88.3 ± 0.1'),
  ],
}

/** Networks that sets are tested with in the tables of cross-architecture, and how reports call them. */
export const architectures = { convnet: 'ConvNet', resnet18: 'ResNet18', vgg11: 'VGG11', alexnet: 'AlexNet' } as const

/** CIFAR-10: a line of the table of other networks, one value for each architecture. */
interface CrossRow extends PublishedRow {
  readonly size: Size
  readonly method: MethodName
}

const cross = (size: Size, method: MethodName, from: string, ...values: PublishedRow['values']): CrossRow => ({
  ...row(method, from, ...values),
  size,
  method,
})

/** The values of HaBa's own table could not be read. */
export const crossArchitecture: readonly CrossRow[] = [
  cross(10, 'mtt', 'm', '64.3 ± 0.7', '46.4 ± 0.6', '50.3 ± 0.8', '34.2 ± 2.6'),
  cross(10, 'haba', '', undefined, undefined, undefined, undefined),
  cross(50, 'dc', 'f', '53.9 ± 0.5', '20.8 ± 1.0', '38.8 ± 1.1', '28.7 ± 0.7'),
  cross(50, 'cafe', 'f', '55.5 ± 0.4', '25.3 ± 0.9', '40.5 ± 0.8', '34.0 ± 0.6'),
  cross(50, 'mtt', 'f', '71.6 ± 0.2', '61.9 ± 0.7', '55.4 ± 0.8', '48.2 ± 1.0'),
]
