/**
 * `npm run rates -- RECIPE… [--runs 3]`: looks for better rates around those of a recipe of HaBa, by validation accuracy, and
 * writes `bench/results/rates/RECIPE.json`; every accuracy is the mean of so many runs, each from a seed of its own.
 * `docs/methods.md` shows what was found.
 */
import { openSet } from '@haba/cli'
import { imageStrength, summarize } from '@haba/eval'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { root } from '../tools/packages.js'
import { distilled } from './distilled.js'
import { writeDocuments } from './documents.js'
import { jsonText } from './formatted.js'
import type { Rates, RatesFile } from './rates-table.js'
import { searchRates, type Trial } from './search.js'

type Settings = Readonly<Record<string, unknown>>

interface Recipe extends Settings {
  readonly name: string
  readonly optimizer: Readonly<Record<keyof Rates, Settings & { readonly learningRate: number }>>
}

const folder = join(root, 'runs/rates')
const recipes = join(root, 'recipes')
const mean = (values: readonly number[]) => summarize(values).mean

const read = async (name: string) => JSON.parse(await readFile(join(recipes, `${name}.json`), 'utf8')) as Recipe

/** The recipe at other rates, measured once on validation data, and compared with nothing. */
function trialOf(recipe: Recipe, { bases, hallucinators }: Rates): Settings {
  const { compare: _, optimizer, evaluate, objective, experts, ...rest } = recipe
  const at = (path: unknown) => resolve(recipes, String(path))
  const { experts: own, ...options } = objective as Settings
  const { epochs } = evaluate as Settings
  return {
    ...rest,
    objective: { ...options, ...(own !== undefined && { experts: at(own) }) },
    ...(experts !== undefined && { experts: { ...(experts as Settings), folder: at((experts as Settings).folder) } }),
    optimizer: {
      bases: { ...optimizer.bases, learningRate: bases },
      hallucinators: { ...optimizer.hallucinators, learningRate: hallucinators },
    },
    evaluate: { protocol: 'ours', epochs, learningRates: [0.01], trialNetworks: 3, networks: 1 },
    compare: { random: false },
  }
}

/** What one run gives. */
async function trialRun(recipe: Recipe, rates: Rates, seed: number) {
  const name = `${recipe.name}-${rates.bases}-${rates.hallucinators}-${seed}`
  const [config, run] = [join(folder, `${name}.json`), join(folder, name)]
  await mkdir(folder, { recursive: true })
  await writeFile(config, JSON.stringify({ ...trialOf(recipe, rates), name, seed }))
  const { rows } = await distilled(config, run)
  return { validation: rows.find(({ id }) => id === 'set')!.choice!.mean, strength: await strengthOf(run) }
}

async function strengthOf(run: string): Promise<number> {
  const { set, test, close } = await openSet(run)
  const strength = await imageStrength(set, await test())
  await close()
  return strength
}

async function measure(
  recipe: Recipe,
  rates: Rates,
  runs: number,
): Promise<Trial & { readonly found?: readonly number[] }> {
  const each: { validation: number; strength: number }[] = []
  for (let seed = 1; seed <= runs; seed++) each.push(await trialRun(recipe, rates, seed))
  const found = each.map(({ validation }) => validation)
  const strength = Number(mean(each.map((one) => one.strength)).toPrecision(3))
  return { rates: { ...rates }, validation: mean(found), strength, ...(runs > 1 && { found }) }
}

/** Looks around the recipe's rates. */
async function search(recipe: Recipe, runs: number): Promise<RatesFile> {
  const { optimizer, steps } = recipe
  const start = { bases: optimizer.bases.learningRate, hallucinators: optimizer.hallucinators.learningRate }
  const both = (rates: Trial['rates']): Rates => ({ bases: rates['bases']!, hallucinators: rates['hallucinators']! })
  const { chosen, trials } = await searchRates({ start, measure: (rates) => measure(recipe, both(rates), runs) })
  return {
    name: recipe.name,
    steps: steps as number,
    chosen: both(chosen),
    trials: trials.map(({ rates, ...rest }) => ({ ...both(rates), ...rest })),
  }
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: 'string', default: '1' } },
})
for (const name of positionals) {
  const found = await search(await read(name), Number(values.runs))
  await mkdir(join(root, 'bench/results/rates'), { recursive: true })
  await writeFile(join(root, `bench/results/rates/${name}.json`), await jsonText(found))
  await writeDocuments()
  console.log(name, found.chosen)
}
