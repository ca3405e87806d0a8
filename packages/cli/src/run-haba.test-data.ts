import { readdir, readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { commandLine } from './command-line.js'

/** Runs a command in this process. @param until interrupts it once it has said this */
export async function runHaba(
  args: readonly string[],
  until?: string,
): Promise<{ readonly code: number; readonly text: string }> {
  let text = ''
  const interruption = new AbortController()
  const screen = {
    write(more: string) {
      text += more
      if (until !== undefined && text.includes(until)) interruption.abort()
    },
  }
  const code = await commandLine(args, { out: screen, err: screen }, interruption.signal)
  return { code, text }
}

/** Every file of a folder by its path in it, as base64. */
export async function contentsOf(folder: string): Promise<Readonly<Record<string, string>>> {
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
  const read = files.map(async ({ parentPath, name }) => [
    relative(folder, join(parentPath, name)).split(sep).join('/'),
    (await readFile(join(parentPath, name))).toString('base64'),
  ])
  return Object.fromEntries((await Promise.all(read)) as [string, string][])
}
