/**
 * `npm run rates -- RECIPE… [--runs 3]`: looks for better rates around those of a recipe of HaBa, by validation accuracy, and
 * writes `bench/results/rates/RECIPE.json`; every accuracy is the mean of so many runs, each from a seed of its own.
 * `docs/methods.md` shows what was found.
 */
import { openSet } from '@haba/cli'
import { imageStrength, summarise } from '@haba/eval'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { root } from '../tools/packages.js'
import { distilled } from './distilled.js'
import { writeDocuments } from './documents.js'
import { jsonText } from './formatted.js'
import { isStrong, luck, ranked, same, type Rates, type RatesFile, type RateTrial } from './rates-table.js'

type Settings = Readonly<Record<string, unknown>>

interface Recipe extends Settings {
  readonly name: string
  readonly optimizer: Readonly<Record<keyof Rates, Settings & { readonly rate: number }>>
}

/** How far a rate is moved at once. */
const factor = 3
/** How often the search may move on. */
const moves = 2

const folder = join(root, 'runs/rates')
const recipes = join(root, 'recipes')
const mean = (values: readonly number[]) => summarise(values).mean
const short = (rate: number) => Number(rate.toPrecision(2))

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
      bases: { ...optimizer.bases, rate: bases },
      hallucinators: { ...optimizer.hallucinators, rate: hallucinators },
    },
    evaluate: { protocol: 'ours', epochs, rates: [0.01], trialNetworks: 3, networks: 1 },
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
  const strength = await imageStrength(set, test)
  await close()
  return strength
}

async function measure(recipe: Recipe, rates: Rates, runs: number): Promise<RateTrial> {
  const each: { validation: number; strength: number }[] = []
  for (let seed = 1; seed <= runs; seed++) each.push(await trialRun(recipe, rates, seed))
  const found = each.map(({ validation }) => validation)
  const strength = Number(mean(each.map((one) => one.strength)).toPrecision(3))
  return { ...rates, validation: mean(found), strength, ...(runs > 1 && { found }) }
}

/** From the recipe's rates to the best of their neighbours, as long as one is better by more than luck or these are too strong. */
async function search(recipe: Recipe, runs: number): Promise<RatesFile> {
  const { optimizer, steps } = recipe
  const trials: RateTrial[] = []
  let at: Rates = { bases: optimizer.bases.rate, hallucinators: optimizer.hallucinators.rate }
  for (let move = 0; move <= moves; move++) {
    const { bases, hallucinators } = at
    const around = [1, 1 / factor, factor].flatMap((by) => [
      { bases: short(bases * by), hallucinators },
      { bases, hallucinators: short(hallucinators * by) },
    ])
    for (const rates of around)
      if (!trials.some((trial) => same(trial, rates))) trials.push(await measure(recipe, rates, runs))
    const here = trials.find((trial) => same(trial, at))!
    const [next] = ranked({ trials })
    if (!isStrong(here) && next!.validation <= here.validation + luck) break
    at = next!
  }
  return {
    name: recipe.name,
    steps: steps as number,
    chosen: { bases: at.bases, hallucinators: at.hallucinators },
    trials,
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
