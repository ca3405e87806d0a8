import { HabaError } from './errors.js'

/** What the system refuses, in words, and what to do about it. */
const told: Readonly<Record<string, readonly [got: string, todo: string]>> = {
  ENOSPC: ['no space left on the disk', 'Free some space.'],
  EDQUOT: ['no space left in your quota', 'Delete files of your own, or ask for more.'],
  EFBIG: ['a file larger than the system allows', 'Raise the limit (`ulimit -f`), or choose another disk.'],
  EROFS: ['a file system that is read-only', 'Choose a folder that can be written.'],
  EACCES: ['no permission', 'Change who may use the file or its folder, or choose another one.'],
  EPERM: ['no permission', 'Change who may use the file or its folder, or choose another one.'],
  ENOENT: ['nothing there: the file or its folder is gone', 'Restore the folder, or name another one.'],
  ENOTDIR: ['a file where a folder should be', 'Check the path.'],
  EISDIR: ['a folder where a file should be', 'Check the path.'],
  ELOOP: ['a link', 'Put what it points to in its place.'],
  EMFILE: ['too many open files', 'Raise the limit, such as `ulimit -n 4096`.'],
  ENFILE: ['too many open files on this machine', 'Close other programs.'],
  EIO: ['an error of the disk', 'Check the disk, and copy what you need from it.'],
  ESTALE: ['a shared folder that has been moved or deleted', 'Mount it again.'],
}

/** The system's code for what it refused, such as `ENOSPC`; undefined for other errors. */
export function systemCode(error: unknown): string | undefined {
  const { code, syscall } = (error ?? {}) as { readonly code?: unknown; readonly syscall?: unknown }
  return typeof code === 'string' && typeof syscall === 'string' ? code : undefined
}

/**
 * An error of the system as haba tells it; any other error comes back as it is.
 *
 * @param expected of the file, such as `to write it`
 * @param safe what is not lost, in a sentence @default nothing is said
 */
export function systemError(error: unknown, file: string, expected: string, safe = ''): unknown {
  const code = systemCode(error)
  if (code === undefined) return error
  const [got, todo] = told[code] ?? [(error as Error).message, 'Check the file and its disk.']
  return new HabaError(file, expected, `${got} (${code})`, safe === '' ? todo : `${safe} ${todo}`, { cause: error })
}
