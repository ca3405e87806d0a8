import { readConfig } from '@haba/cli'
import { HabaError } from '@haba/core'
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { allowToyPlugin } from '../../packages/cli/src/allow-toy-plugin.test-data.js'
import { root } from '../../tools/packages.js'
import { parseArguments } from './arguments.js'
import { budgets, bytesAllowed, codecs, datasets, objectives, parameterizations, transformable } from './axes.js'
import { cells, gridName, type Cell } from './cells.js'
import { configOf, type CellConfig } from './config.js'
import { mapCharts, mapText, readmePart } from './document.js'
import { byImportance, firstCells, tooLarge } from './order.js'
import { optimizerOf } from './rates.js'
import { readMapResult, summaryOf, type MapResult } from './result.js'
import { placed, runCell, usualPlaces, type Places } from './run-cell.js'
import { cellsToSearch } from './search-rates.js'
import { families, type SetFamily } from './sets.js'
import { sizeOf } from './size.js'

const folderOf = (name: string) => mkdtemp(join(tmpdir(), `haba-${name}-`))
const named = (name: string) => cells.find((cell) => cell.name === name)!

/** Reads a cell's configuration with a set of two items, as the command line would. */
async function read(cell: Cell, folder: string) {
  const file = join(folder, `${cell.name}.json`)
  const config = configOf(cell, cell.family.at(cell.family.details[0]!, 20, 0), 1)
  await writeFile(file, JSON.stringify(placed(config, usualPlaces)))
  return readConfig(file)
}

describe('the table', () => {
  it('is the product of its axes, with real images and ablations, each cell once', () => {
    const product = datasets.flatMap((dataset) =>
      budgets.flatMap((budget) =>
        objectives.flatMap((objective) =>
          parameterizations.flatMap((of) =>
            codecs
              .filter((codec) => codec !== 'dct' || (objective === 'dm' && transformable.has(of)))
              .map((codec) => gridName({ dataset, budget, objective, of, codec })),
          ),
        ),
      ),
    )
    expect(cells.filter(({ group }) => group === 'grid').map(({ name }) => name)).toEqual(product)
    expect(product).toHaveLength(288 + 12)
    expect(cells.filter(({ group }) => group === 'real')).toHaveLength(2 * datasets.length * budgets.length)
    expect(new Set(cells.map(({ name }) => name)).size).toBe(cells.length)
  })

  it('is of valid configurations', async () => {
    const folder = await folderOf('map-cells')
    for (const cell of cells) expect((await read(cell, folder)).config.name).toBe(`${cell.name}-1`)
  })

  it('is run in an order that leaves none out', () => {
    expect(new Set(byImportance)).toEqual(new Set(cells))
    expect(byImportance).toHaveLength(cells.length)
    expect(firstCells.filter(({ group }) => group === 'grid').length).toBeGreaterThanOrEqual(55)
    expect(firstCells[0]!.name).toBe('mnist-1-real-uint8')
  })

  it('asks for rates once a dataset, objective and parameterization', () => {
    const searched = cellsToSearch(byImportance, tooLarge).map(({ name }) => name)
    expect(searched).toContain('mnist-1-dm-haba-released-8bit')
    expect(searched.filter((name) => name.startsWith('mnist-1-dm-fred'))).toHaveLength(1)
    // Known already.
    expect(searched.filter((name) => name.startsWith('mnist-1-dm-pixels'))).toHaveLength(0)
  })
})

describe('sizes', () => {
  it('of plain pixels are the budget', async () => {
    expect(bytesAllowed('mnist', 1)).toBe(10 * (784 * 4 + 1) + 4)
    expect(await sizeOf(named('mnist-1-dm-pixels-32bit'))).toMatchObject({ items: 10, bytes: 31_370, floats: 7840 })
    expect(await sizeOf(named('mnist-1-mtt-pixels-32bit'))).toMatchObject({ items: 10, bytes: 31_374, floats: 7841 })
  })

  // Objectives differ by the four bytes of MTT's step size, which only plain pixels come within. Counting large sets takes long.
  const distinct = cells.filter(
    ({ name, objective, codec, of }) =>
      (objective === 'dm' && !(name.includes('-10-') && codec === 4)) ||
      (objective === 'mtt' && of === 'pixels' && codec === 32),
  )
  it.each(distinct.map((cell) => [cell.name, cell] as const))('%s fills its bytes, and no more', async (name, cell) => {
    const size = await sizeOf(cell)
    if (tooLarge.has(name)) return expect(size).toBeUndefined()
    expect(size!.bytes).toBeLessThanOrEqual(cell.bytes)
    if (cell.codec !== 'dct') expect(size!.bytes).toBeGreaterThan(0.95 * cell.bytes)
    expect(configOf(cell, size!, 1).steps).toBeGreaterThan(0)
  })

  it('take the next level of detail where more images than are worth it would fit', async () => {
    const size = await sizeOf(named('cifar10-10-dm-fred-8bit'))
    expect(size!.set['coefficients']).toBe(400)
  })
})

it('rates are those of the parts', () => {
  expect(optimizerOf('haba-repaired', { bases: 3, hallucinators: 0.001 })).toEqual({
    bases: { learningRate: 3, momentum: 0.5 },
    hallucinators: { learningRate: 0.001, momentum: 0.5 },
  })
})

describe('the command line', () => {
  it('takes names, globs, a time and places', () => {
    const request = parseArguments(['mnist-1-dm-fred-*', '--time', '2h', '--runs', 'there'])
    expect(request.cells.map(({ name }) => name).sort()).toEqual([
      'mnist-1-dm-fred-32bit',
      'mnist-1-dm-fred-4bit',
      'mnist-1-dm-fred-8bit',
    ])
    expect(request).toMatchObject({ seconds: 7200, what: 'run', anew: false, places: { runs: 'there' } })
    expect(parseArguments([]).cells).toBe(byImportance)
    expect(parseArguments(['--document']).what).toBe('document')
  })

  it.each([[['mnist-2-*']], [['--time', '2']]])('refuses %j', (args) =>
    expect(() => parseArguments(args)).toThrow(HabaError),
  )
})

describe('a toy cell', () => {
  const family: SetFamily = { details: [1], at: families('mnist').pixels.at }
  const cell: Cell = {
    name: 'toy',
    group: 'grid',
    dataset: 'mnist',
    objective: 'dm',
    of: 'pixels',
    codec: 32,
    bytes: bytesAllowed('mnist', 1),
    effort: {
      width: 4,
      work: 40,
      seen: 10,
      real: { dm: 4, dsa: 4 },
      student: { steps: 1, batch: 1 },
    },
    family,
    more: {
      plugins: [join(root, 'packages/cli/src/toy-plugin.test-data.ts')],
      data: { use: 'toy' },
      augmentation: 'none',
      network: { use: 'convnet', depth: 1, width: 4 },
      steps: 6,
      checkpointEvery: 2,
      evaluate: { protocol: 'dsa', epochs: 2, networks: 3 },
    },
    others: ['mlp'],
  }
  let folder: string
  beforeAll(async () => {
    folder = await folderOf('map')
    await allowToyPlugin(folder)
  })

  /** Runs the cell until what it says contains `until`. */
  async function run(into: string, until?: string, anew = false) {
    let text = ''
    const interruption = new AbortController()
    const screen = {
      write(more: string) {
        text += more
        if (until !== undefined && text.includes(until)) interruption.abort()
      },
    }
    const places: Places = {
      ...usualPlaces,
      runs: join(folder, into, 'runs'),
      results: join(folder, into, 'results'),
    }
    return {
      outcome: await runCell({
        cell,
        places,
        anew,
        interruption: interruption.signal,
        terminal: { out: screen, err: screen },
      }),
      result: await readMapResult(places.results, 'toy'),
      runs: places.runs,
    }
  }

  const lasting = ({ seconds: _, ...rest }: MapResult) => rest

  it('resumes to the same result', { timeout: 600_000 }, async () => {
    const whole = await run('whole')
    expect(whole.outcome.told).toBe('measured')
    const { result } = whole
    expect(result!.seeds.map(({ rows }) => rows.find(({ id }) => id === 'set')!.accuracies.length)).toEqual([3, 3])
    expect(result!.others).toMatchObject([{ network: 'MLP', epochs: 31 }])
    expect(result!.bytes).toEqual({ allowed: cell.bytes, counted: expect.any(Number) })
    expect(result!.commit).toMatch(/^([0-9a-f]{12}\+?|unknown)$/)

    expect((await run('parts', 'distilling: step 1/')).outcome.told).toBe('interrupted')
    expect((await run('parts', 'distilling: step 3/')).outcome.told).toBe('interrupted')
    expect((await run('parts', 'testing')).outcome.told).toBe('interrupted')
    const last = await run('parts')
    expect(last.outcome.told).toBe('measured')
    expect(lasting(last.result!)).toEqual(lasting(result!))
    expect((await run('parts')).outcome.told).toBe('known')
  })

  it('does not mix configurations, unless it is told to start anew', { timeout: 600_000 }, async () => {
    const file = join(folder, 'parts/results/toy.json')
    const result = JSON.parse(await readFile(file, 'utf8')) as MapResult
    await writeFile(file, JSON.stringify({ ...result, configHash: '0'.repeat(16) }))
    await expect(run('parts')).rejects.toThrow('Give --anew')
    expect((await run('parts', undefined, true)).outcome.told).toBe('measured')
    expect(await readdir(join(folder, 'parts/runs/toy'))).toContain('seed-2')
  })
})

describe('the document', () => {
  const row = (id: string, bytes: number, ...accuracies: readonly number[]) => ({
    id,
    name: id === 'set' ? 'pixels' : 'random real images',
    floats: bytes / 4,
    bytes,
    note: '',
    accuracies,
  })
  const result = (name: string, rows: readonly (readonly ReturnType<typeof row>[])[]): MapResult => ({
    name,
    config: { name, seed: 1, steps: 100, objective: {}, evaluate: { epochs: 50, networks: 3 } } as CellConfig,
    configHash: '0',
    items: 1,
    images: 4,
    bytes: { allowed: 31_404, counted: 31_400 },
    searched: false,
    seeds: rows.map((own, i) => ({ seed: i + 1, rows: own })),
    others: [{ network: 'MLP', epochs: 25, accuracies: [0.8] }],
    protocol: {},
    data: 'as published',
    versions: {},
    machine: { cpu: 'x', cores: 2, threads: 2, gigabytes: 8 },
    seconds: 600,
    date: '2026-01-01',
    commit: '0',
  })
  const both = (name: string, bytes: number, a: readonly number[], b: readonly number[]) =>
    result(name, [[row('set', bytes, ...a)], [row('set', bytes, ...b)]])
  const results = new Map(
    [
      both('mnist-1-dm-pixels-32bit', 31_400, [0.9, 0.9, 0.91], [0.9, 0.9, 0.91]),
      both('mnist-1-dm-haba-repaired-32bit', 31_032, [0.93, 0.94, 0.94], [0.94, 0.94, 0.93]),
      result('mnist-1-real-uint8', [
        [row('set', 31_400, 0.5), row('random', 31_400, 0.5, 0.6)],
        [row('set', 31_400, 0.5), row('random', 31_400, 0.5, 0.6)],
      ]),
    ].map((one) => [one.name, one]),
  )

  it("has Student's t over all networks of all seeds, by hand", () => {
    // Deviation of 1, 2, 3, 4: √(5/3); t for three degrees of freedom: 3.182.
    const summary = summaryOf(both('x', 8, [0.1, 0.2], [0.3, 0.4]))!
    expect(summary.mean).toBeCloseTo(0.25, 12)
    expect(summary.half).toBeCloseTo((3.182 * 0.1 * Math.sqrt(5 / 3)) / 2, 4)
    expect(summary.means).toEqual([expect.closeTo(0.15, 12), expect.closeTo(0.35, 12)])
  })

  it('shows what was measured, and every other cell as not run', async () => {
    const text = await mapText(results)
    expect(text).toMatch(/\| MNIST +\| 31,374 bytes \(one fp32 image a class\) +\| HaBa, repaired, DM +\| 93\.7 ± 0\.5/)
    expect(text).toMatch(/\| MNIST +\| 31,374 +\| DM +\| none +\| 90\.3 ± 0\.5 +\| +\| 93\.7 ± 0\.5 +\| \+3\.3 +\|/)
    expect(text).toContain('random real images: 55.0')
    for (const { name } of cells) expect(text).toContain(`\`${name}\``)
    expect(text.match(/does not fit/g)).toHaveLength(tooLarge.size)
    const notRun = cells.filter(({ name, group }) => group !== 'real' && !results.has(name) && !tooLarge.has(name))
    expect(text.match(/\| not run +\|/g)!.length).toBeGreaterThanOrEqual(notRun.length)
  })

  it('draws a line for each kind of set, and puts the charts into the README', async () => {
    const charts = await mapCharts(results)
    expect([...charts.keys()]).toEqual([join(root, 'docs/map-mnist.svg')])
    const [drawn] = charts.values()
    for (const series of ['pixels', 'HaBa, repaired', 'random real images']) expect(drawn).toContain(`>${series}<`)
    expect(await readmePart(results)).toContain('docs/map-mnist.svg')
  })
})
