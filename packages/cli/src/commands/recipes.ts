import { HabaError, systemCode, systemError } from '@haba/core'
import { closest } from 'fastest-levenshtein'
import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import type { Terminal } from '../tell/progress.js'

/** Beside the built files, or in the repository. */
const folder = [new URL('./recipes/', import.meta.url), new URL('../../../../recipes/', import.meta.url)].find((url) =>
  existsSync(url),
)!

const names = async () =>
  (await readdir(folder))
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .sort()

const textOf = (name: string) => readFile(new URL(`${name}.json`, folder), 'utf8')

type Part = string | { readonly use?: string } | undefined
const used = (part: Part) => (typeof part === 'string' ? part : part?.use)

/** `haba recipes`: one line per recipe, with its data, set and objective. */
export async function recipesCommand({ out }: Terminal): Promise<void> {
  const all = await names()
  const width = Math.max(...all.map((name) => name.length))
  for (const name of all) {
    const { data, set, objective } = JSON.parse(await textOf(name)) as Readonly<Record<string, Part>>
    out.write(`${name.padEnd(width)}  ${[data, set, objective].map(used).join(', ')}\n`)
  }
  out.write('\n`haba init NAME` copies one to this folder.\n')
}

/**
 * `haba init`: copies a recipe to the current folder, as `NAME.json`, with its folders of data and experts inside the current
 * folder.
 *
 * @throws HabaError for an unknown name, and if the file exists already
 */
export async function initCommand(name: string, { out }: Terminal): Promise<void> {
  const all = await names()
  if (!all.includes(name))
    throw new HabaError(
      'haba init',
      'the name of a recipe',
      name,
      `Did you mean ${closest(name, all)}? \`haba recipes\` lists them.`,
    )
  const file = `${name}.json`
  const text = (await textOf(name)).replaceAll('"../', '"')
  await writeFile(file, text, { flag: 'wx' }).catch((error: unknown) => {
    if (systemCode(error) !== 'EEXIST') throw systemError(error, file, 'to write it')
    throw new HabaError('haba init', `no file ${file} yet`, 'one', 'Move it, or use another folder.')
  })
  const needsExperts = (JSON.parse(text) as { readonly experts?: unknown }).experts !== undefined
  if (needsExperts) out.write(`haba experts ${file}   # first records the trainings that it imitates\n`)
  out.write(`haba distill ${file}\n`)
}
