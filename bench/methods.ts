/**
 * `npm run methods -- RECIPE…`: runs recipes as they stand, with experts where they need some; writes
 * `bench/results/methods/RECIPE.json` and the tables of `docs/methods.md`.
 */
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { root } from '../tools/packages.js'
import { distilled, haba } from './distilled.js'
import { writeDocuments } from './documents.js'
import { jsonText } from './formatted.js'

for (const name of process.argv.slice(2)) {
  const recipe = join(root, 'recipes', `${name}.json`)
  const { experts } = JSON.parse(await readFile(recipe, 'utf8')) as { readonly experts?: { readonly folder: string } }
  if (experts && !existsSync(resolve(dirname(recipe), experts.folder))) await haba('experts', recipe)
  const run = join(root, 'runs/methods', name)
  const result = await distilled(recipe, run)
  const config = JSON.parse(await readFile(join(run, 'config.json'), 'utf8')) as unknown
  await writeFile(join(root, 'bench/results/methods', `${name}.json`), await jsonText({ config, result }))
  await writeDocuments()
}
