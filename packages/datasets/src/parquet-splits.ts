import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { HabaError } from '@haba/core'

/** The files of the halves; none for a test half that is held out of the other. */
interface Halves {
  readonly train: readonly string[]
  readonly test: readonly string[]
}

interface SplitOptions extends Partial<Halves> {
  readonly folder?: string | undefined
  readonly trainSplit?: string | undefined
  readonly testSplit?: string | undefined
  readonly testFraction?: number | undefined
}

/** The parquet files of each half: listed ones, or those with the name of the split. */
export async function parquetHalves(options: SplitOptions): Promise<Halves> {
  const { folder, train, test, trainSplit, testSplit, testFraction } = options
  if (folder === undefined && (train === undefined || (test === undefined && testFraction === undefined)))
    throw new HabaError('parquet', 'folder, or train and test', 'neither', 'Pass the folder of the files.')
  if (testFraction !== undefined && (test !== undefined || testSplit !== undefined))
    throw new HabaError('parquet', 'test, testSplit or testFraction', 'several', 'Pass only one of them.')
  const found = folder === undefined ? [] : await filesIn(folder)
  const matching = (wanted: (part: string) => boolean) =>
    found.filter((file) => file.split(/[\\/]/).some(wanted)).map((file) => join(folder!, file))
  const beginning = (half: string) => matching((part) => part.startsWith(half))
  const chosen = (split: string) =>
    matching((part) => part.startsWith(split) && /^([-._]?\d|\.|$)/.test(part.slice(split.length)))
  const tests = beginning('test')
  const halves = {
    train: train ?? (trainSplit === undefined ? beginning('train') : chosen(trainSplit)),
    test:
      testFraction !== undefined
        ? []
        : (test ?? (testSplit !== undefined ? chosen(testSplit) : tests.length > 0 ? tests : beginning('val'))),
  }
  const names = { train: trainSplit ?? 'train…', test: testSplit ?? 'test… or val…' }
  for (const half of ['train', 'test'] as const)
    if (halves[half].length === 0 && !(half === 'test' && testFraction !== undefined))
      throw new HabaError(
        folder ?? 'parquet',
        `files or folders named ${names[half]}`,
        `${found.length} parquet files${found.length === 0 ? '' : `: ${splitsOf(found)}`}`,
        `Set the name of the split with \`${half}Split\`, or list its files with \`${half}\`` +
          (half === 'test' ? ', or set `testFraction`, such as 0.2, to hold out test images.' : '.'),
      )
  return halves
}

/** Names of files without shard numbers. */
function splitsOf(files: readonly string[]): string {
  const names = [...new Set(files.map((file) => file.replace(/(-\d+(-of-\d+)?)?\.parquet$/, '')))]
  return names.slice(0, 5).join(', ') + (names.length > 5 ? ', …' : '')
}

async function filesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true }).catch((cause: Error) => {
    throw new HabaError(folder, 'a folder of parquet files', cause.message, 'Check the path.', { cause })
  })
  const hidden = (file: string) => file.split(/[\\/]/).some((part) => part.startsWith('.'))
  return names.filter((file) => file.endsWith('.parquet') && !hidden(file)).sort()
}
