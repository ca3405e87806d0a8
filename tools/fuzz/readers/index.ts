import type { Reader } from '../reader.js'
import { arrayReaders } from './arrays.js'
import { codecReader } from './codec.js'
import { imageAndArchiveReaders } from './images.js'
import { runReaders } from './runs.js'

/** Every reader of files that may come from somewhere else. */
export const readers: readonly Reader[] = [...runReaders, codecReader, ...arrayReaders, ...imageAndArchiveReaders]
