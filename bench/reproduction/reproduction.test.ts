import { configBudget, readConfig } from '@haba/cli'
import { HabaError } from '@haba/core'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { allowToyPlugin } from '../../packages/cli/src/allow-toy-plugin.test-data.js'
import { root } from '../../tools/packages.js'
import { parseArguments } from './arguments.js'
import { cellFile, cellName, cells, type Cell } from './cells.js'
import { chart, curveTable } from './curves.js'
import { crossArchitecture, published, sizes } from './published.js'
import { readCellResult } from './result.js'
import { curvePoints, runCell } from './run-cell.js'
import { writeCells } from './write-cells.js'

const names = new Set(cells.map(({ name }) => name))

beforeAll(writeCells, 60_000)

describe('the cells', () => {
  it('are valid configurations', async () => {
    for (const cell of cells) expect((await readConfig(cellFile(cell))).config.name).toBe(cell.name)
  })

  it('cover every published number', () => {
    const coresets = ['random', 'herding', 'kCenter', 'forgetting']
    const wanted = Object.entries(published).flatMap(([dataset, rows]) =>
      rows.flatMap(({ method, values }) =>
        values.flatMap((value, i) =>
          value === undefined
            ? []
            : [
                cellName(
                  dataset as Cell['dataset'],
                  sizes[i]!,
                  coresets.includes(method) ? 'coresets' : (method as never),
                ),
              ],
        ),
      ),
    )
    const crossed = crossArchitecture.map(({ size, method }) => cellName('cifar10', size, method))
    expect([...wanted, ...crossed].filter((name) => !names.has(name))).toEqual([])
    expect(cells.filter(({ others }) => others.length > 0).map(({ name }) => name)).toEqual(
      expect.arrayContaining(crossed),
    )
  })

  it('write accuracies in one way', () => {
    const values = [...Object.values(published).flat(), ...crossArchitecture].flatMap((row) => row.values)
    expect(values.filter((value) => value !== undefined && !/^\d+\.\d( ± \d\.\d)?$/.test(value))).toEqual([])
  })
})

// Floats of the papers' budgets, a learned step size more.
it.each([
  ['cifar10-1-haba', 58_561],
  ['cifar10-10-haba', 304_321],
  ['cifar10-50-haba', 1_533_121],
  ['cifar100-1-haba', 335_041],
  ['cifar100-10-haba', 2_792_641],
  ['svhn-10-haba', 304_321],
  ['cifar10-1-haba-gray', 58_291],
  ['cifar10-1-haba-per-class', 30_720 + 10 * 27_840 + 1],
  ['cifar10-10-mtt', 307_201],
  ['cifar10-50-dm', 1_536_000],
  ['mnist-1-dc', 7_840],
  ['mnist-1-ld', 7_840 + 10 * 10],
  ['cifar10-10-idc', 307_200],
  ['cifar10-10-dd', 307_230],
])('%s stores %i floats', async (name, floats) => {
  expect((await configBudget(await readConfig(cellFile({ name })))).floats).toBe(floats)
})

describe('the command line', () => {
  it('takes names and globs, a time and places', () => {
    const request = parseArguments(['mnist-*', 'cifar10-1-haba', '--time', '30m', '--iterations', '600'])
    expect(request.cells.map(({ name }) => name)).toEqual([
      'mnist-1-ld',
      'mnist-1-dc',
      'mnist-1-dsa',
      'mnist-1-dm',
      'cifar10-1-haba',
    ])
    expect(request).toMatchObject({ seconds: 1800, iterations: 600, runs: join(root, 'runs/reproduction') })
    expect(request.tests).toBeUndefined()
    expect(parseArguments(['--tests', '500,100']).tests).toEqual([100, 500])
  })

  it.each([
    [['mnist-2-dc']],
    [['mnist-1-dc', '--time', '30']],
    [['mnist-1-dc', '--iterations', '0']],
    [['--tests', '10,']],
  ])('refuses %j', (args) => expect(() => parseArguments(args)).toThrow(HabaError))
})

it('tests at round numbers, and at the end', () => {
  expect(curvePoints(600, Infinity)).toEqual([50, 100, 150, 300, 450, 600])
  expect(curvePoints(15_000, 70)).toEqual([50, 70])
  expect(curvePoints(1, Infinity)).toEqual([1])
})

it('tests where it is told to, and at the end', () => {
  expect(curvePoints(600, Infinity, [20, 700])).toEqual([20, 600])
  expect(curvePoints(15_000, 70, [100])).toEqual([70])
})

describe('a toy cell', () => {
  const sgd = { learningRate: 0.1, momentum: 0.5 }
  const cell: Cell = {
    name: 'toy',
    dataset: 'cifar10',
    size: 1,
    method: 'mtt',
    others: ['mlp'],
    config: {
      name: 'toy',
      plugins: [join(root, 'packages/cli/src/toy-plugin.test-data.ts')],
      data: { use: 'toy' },
      network: { use: 'convnet', depth: 1, width: 4 },
      set: { use: 'pixels' },
      objective: { use: 'trajectory-matching', experts: 'unused', steps: 2, expertEpochs: 1, maxStartEpoch: 1 },
      experts: { folder: 'unused', count: 2, epochs: 1, batch: 8 },
      optimizer: { images: sgd },
      steps: 60,
      checkpointEvery: 50,
      evaluate: { protocol: 'mtt', epochs: 1, networks: 2 },
    },
  }
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'haba-reproduction-'))
    await allowToyPlugin(folder)
  })

  /** Runs the cell until what it says contains `until`. */
  async function run(until: string | undefined, ...args: readonly string[]) {
    let text = ''
    const interruption = new AbortController()
    const screen = {
      write(more: string) {
        text += more
        if (until !== undefined && text.includes(until)) interruption.abort()
      },
    }
    const request = parseArguments([...args, '--runs', join(folder, 'runs'), '--results', join(folder, 'results')])
    const experts = { ...(cell.config['experts'] as object), folder: join(folder, 'experts') }
    const result = await runCell({
      cell: { ...cell, config: { ...cell.config, experts } },
      request,
      stop: { distilling: interruption.signal, measuring: new AbortController().signal },
      terminal: { out: screen, err: screen },
    })
    return { result, text }
  }

  it('records experts, and is tested as it is where the time is up', async () => {
    expect((await run('expert 1 of 2')).result).toBeUndefined()
    const { result, text } = await run('distilling: step 1/')
    expect(result, text).toMatchObject({
      name: 'toy',
      experts: { count: 2, epochs: 1 },
      iterations: { done: 2, of: 60 },
    })
    expect(result!.curve).toHaveLength(1)
    expect(result!.real['random']!.accuracies).toHaveLength(2)
  })

  it('goes on, as far as it should and then to its end, and tests other networks there', async () => {
    const further = await run(undefined, '--iterations', '55')
    expect(further.result!.curve.map(({ iterations }) => iterations)).toEqual([2, 50, 55])
    expect(further.result!.networks).toEqual({})
    const { result } = await run(undefined)
    expect(result!.curve.map(({ iterations }) => iterations)).toEqual([2, 50, 55, 60])
    expect(result!.networks['MLP']).toMatchObject({ iterations: 60 })
    expect({ ...(await readCellResult(join(folder, 'results'), 'toy')), seconds: 0 }).toEqual({
      ...result!,
      seconds: 0,
    })
    expect(curveTable(further.result!, undefined)).not.toContain('It goes on')
    expect(curveTable(further.result!, 'kept')).toContain('It goes on with `npm run reproduction -- toy --runs kept`.')
    expect(curveTable(result!, 'kept')).not.toContain('It goes on')
    const drawn = chart([result!])
    expect(drawn.match(/<circle/g)).toHaveLength(4)
    // Between 2 and 60 iterations; those tested, 50, 55 and 60, would overlap.
    const labels = [...drawn.matchAll(/>([\d,]+)<\/text>/g)].map(([, label]) => label)
    expect(labels).toEqual(expect.arrayContaining(['2', '5', '10', '20', '50']))
    expect(labels).not.toContain('55')
    const again = await run(undefined)
    // Seconds are those of the wall clock.
    expect({ ...again.result!, seconds: 0 }).toEqual({ ...result!, seconds: 0 })
    expect(again.result!.seconds).toBeGreaterThanOrEqual(result!.seconds)
    await expect(run(undefined, '--experts', join(folder, 'none'))).rejects.toThrow('expected a folder with experts')
  })

  it('does not overwrite a result whose run is not here', async () => {
    await writeFile(join(folder, 'results/toy.json'), '{}')
    const request = parseArguments(['--runs', join(folder, 'other'), '--results', join(folder, 'results')])
    const never = new AbortController().signal
    await expect(
      runCell({
        cell,
        request,
        stop: { distilling: never, measuring: never },
        terminal: { out: process.stdout, err: process.stderr },
      }),
    ).rejects.toThrow('which the result was measured with')
  })
})
