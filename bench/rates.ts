/**
 * `npm run rates -- RECIPE…`: looks for better rates around those of a recipe of HaBa, by validation accuracy, and writes
 * `bench/results/rates/RECIPE.json`. `docs/methods.md` shows what was found.
 */
import { commandLine } from '@haba/cli'
import { HabaError } from '@haba/core'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { root } from '../tools/packages.js'
import { luck, ranked, same, type Rates, type RatesFile, type RateTrial } from './rates-table.js'

type Settings = Readonly<Record<string, unknown>>

interface Recipe extends Settings {
  readonly name: string
  readonly optimizer: Readonly<Record<keyof Rates, Settings & { readonly rate: number }>>
}

/** How far a rate is moved at once. */
const factor = 3
/** How often the search may move on. */
const moves = 2

const runs = join(root, 'runs/rates')
const recipes = join(root, 'recipes')
const short = (rate: number) => Number(rate.toPrecision(2))

const read = async (name: string) => JSON.parse(await readFile(join(recipes, `${name}.json`), 'utf8')) as Recipe

/** The recipe at other rates, measured once on validation data, and compared with nothing. */
function trialOf(recipe: Recipe, { bases, hallucinators }: Rates): Settings {
  const { compare: _, optimizer, evaluate, objective, experts, ...rest } = recipe
  const at = (folder: unknown) => resolve(recipes, String(folder))
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

async function measure(recipe: Recipe, rates: Rates): Promise<RateTrial> {
  const name = `${recipe.name}-${rates.bases}-${rates.hallucinators}`
  const [config, run] = [join(runs, `${name}.json`), join(runs, name)]
  await mkdir(runs, { recursive: true })
  await writeFile(config, JSON.stringify({ ...trialOf(recipe, rates), name }))
  const terminal = { out: process.stdout, err: process.stderr }
  const args = existsSync(join(run, 'config.json')) ? ['--resume', run] : [config, '--out', run]
  if ((await commandLine(['distill', ...args], terminal)) !== 0)
    throw new HabaError('rates', `${config} to be distilled`, 'an error, told above', 'Mend that.')
  const { rows } = JSON.parse(await readFile(join(run, 'result.json'), 'utf8')) as {
    readonly rows: readonly { readonly id: string; readonly choice?: { readonly mean: number } }[]
  }
  return { ...rates, validation: rows.find(({ id }) => id === 'set')!.choice!.mean }
}

/** From the recipe's rates to the best of their neighbours, as long as one is better by more than luck. */
async function search(recipe: Recipe): Promise<RatesFile> {
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
      if (!trials.some((trial) => same(trial, rates))) trials.push(await measure(recipe, rates))
    const here = trials.find((trial) => same(trial, at))!
    const [next] = ranked({ trials })
    if (next!.validation <= here.validation + luck) break
    at = next!
  }
  return {
    name: recipe.name,
    steps: steps as number,
    chosen: { bases: at.bases, hallucinators: at.hallucinators },
    trials,
  }
}

setFlagsFromString('--no-incremental-marking')
for (const name of process.argv.slice(2)) {
  const found = await search(await read(name))
  await mkdir(join(root, 'bench/results/rates'), { recursive: true })
  await writeFile(join(root, `bench/results/rates/${name}.json`), `${JSON.stringify(found, null, 2)}\n`)
  console.log(name, found.chosen)
}
