import { join } from 'node:path'

/** The folder with the numbers that every commit is compared with. */
export const reference = join(import.meta.dirname, 'reference')
