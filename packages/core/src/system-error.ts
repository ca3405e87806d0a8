import { HabaError } from './errors.js'

/** Error codes of the system: what happened, and what to do. */
const messages: Readonly<Record<string, readonly [got: string, todo: string]>> = {
  ENOSPC: ['no space left on the disk', 'Free some space.'],
  EDQUOT: ['no space left in your quota', 'Delete some of your files, or ask for a larger quota.'],
  EFBIG: ['a file above the size limit of the system', 'Raise the limit (`ulimit -f`), or choose another disk.'],
  EROFS: ['a read-only file system', 'Choose a writable folder.'],
  EACCES: ['no permission', 'Change who may use the file or its folder, or choose another one.'],
  EPERM: ['no permission', 'Change who may use the file or its folder, or choose another one.'],
  ENOENT: ['no such file or folder', 'Check the path.'],
  ENOTDIR: ['a file where a folder should be', 'Check the path.'],
  EISDIR: ['a folder where a file should be', 'Check the path.'],
  ELOOP: ['a link', 'Replace it with the file that it points to.'],
  EMFILE: ['too many open files', 'Raise the limit, such as `ulimit -n 4096`.'],
  ENFILE: ['too many open files on this machine', 'Close other programs.'],
  EIO: ['a disk error', 'Check the disk, and copy what you need from it.'],
  ESTALE: ['a shared folder that has been moved or deleted', 'Mount it again.'],
}

/** The error code of the system, such as `ENOSPC`; undefined for other errors. */
export function systemCode(error: unknown): string | undefined {
  const { code, syscall } = (error ?? {}) as { readonly code?: unknown; readonly syscall?: unknown }
  return typeof code === 'string' && typeof syscall === 'string' ? code : undefined
}

/**
 * Turns an error of the system into a HabaError; returns any other error unchanged.
 *
 * @param expected of the file, such as `to write it`
 * @param safe a sentence that says what is not lost @default none
 */
export function systemError(error: unknown, file: string, expected: string, safe = ''): unknown {
  const code = systemCode(error)
  if (code === undefined) return error
  const [got, todo] = messages[code] ?? [(error as Error).message, 'Check the file and its disk.']
  return new HabaError(file, expected, `${got} (${code})`, safe === '' ? todo : `${safe} ${todo}`, { cause: error })
}
