import { basename, join } from 'node:path'
import { HabaError } from '@haba/core'
import { entriesOf } from './list-images.js'

/** The folders of a data set. */
export interface HalfFolders {
  readonly train: string
  /** Undefined if test images are held out of the training images. */
  readonly test: string | undefined
  readonly warnings: readonly string[]
}

interface HalfOptions {
  readonly root?: string | undefined
  readonly train?: string | undefined
  readonly test?: string | undefined
  readonly testFraction?: number | undefined
}

const trainNames = ['train', 'training']
const testNames = ['test', 'testing']
const validationNames = ['val', 'valid', 'validation', 'dev']

/**
 * Finds the folders of training and test images inside `root`, ignoring case: `train` or `training`; `test` or `testing`,
 * or else `val`, `valid`, `validation` or `dev`. If test images are held out, `root` may contain the class folders itself.
 */
export async function halfFolders({ root, train, test, testFraction }: HalfOptions): Promise<HalfFolders> {
  if (root === undefined && (train === undefined || (test === undefined && testFraction === undefined)))
    throw new HabaError('imageFolder', 'root, or train and test', 'neither', 'Pass the folder of the images.')
  if (testFraction !== undefined && test !== undefined)
    throw new HabaError('imageFolder', 'test or testFraction', 'both', 'Leave one of them out.')
  if (root === undefined || (train !== undefined && (test !== undefined || testFraction !== undefined)))
    return { train: train!, test, warnings: [] }
  const folders = (await entriesOf(root)).filter(({ kind }) => kind === 'folder').map(({ name }) => name)
  const find = (names: readonly string[]) => {
    const found = names.flatMap((name) => folders.filter((folder) => folder.toLowerCase() === name))[0]
    return found === undefined ? undefined : join(root, found)
  }
  const has = `${folders.slice(0, 5).join(', ') || 'no folder'}${folders.length > 5 ? `, … (${folders.length} folders)` : ''}`
  const trainFolder = train ?? find(trainNames) ?? (testFraction === undefined ? undefined : root)
  if (trainFolder === undefined)
    throw new HabaError(
      root,
      'a folder train, and a folder test or val',
      has,
      'If these are the classes, set `testFraction`, such as 0.2, to hold out that part of each class as test images.',
    )
  if (testFraction !== undefined) return { train: trainFolder, test: undefined, warnings: [] }
  const validation = find(validationNames)
  const testFolder = test ?? find(testNames) ?? validation
  if (testFolder === undefined)
    throw new HabaError(
      root,
      'a folder test or val beside train',
      has,
      'Set `testFraction`, such as 0.2, to hold out that part of each class as test images.',
    )
  const isValidation = test === undefined && testFolder === validation
  return {
    train: trainFolder,
    test: testFolder,
    warnings: isValidation ? [`There is no folder test: the test images are those of ${basename(testFolder)}.`] : [],
  }
}
