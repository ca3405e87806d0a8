import { keyFrom, rowsOf, sgd, tensorLeaves, type Parameterization, type Tree } from '@haba/core'
import { referenceEngine, toyData, toySet } from '@haba/testing'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadTree, saveTree } from './checkpoint.js'
import { initialSet, startDistilling } from './start.js'
import { fit, startFitting, type FitSpec, type FitState } from './fit.js'
import { studentObjective } from './student-objective.fixture.js'

const real = toyData({ perClass: 12 })
const set = toySet({ image: real.image, classes: real.classes, views: 2 }) as unknown as Parameterization<Tree>
const spec = (steps: number, rate = 0.05) => ({
  engine: referenceEngine(),
  key: keyFrom(2),
  real,
  parameterization: { ...set, fit: { steps, learningRate: rate } },
})
const numbers = (tree: Tree) => tensorLeaves(tree).flatMap((leaf) => [...leaf.dataSync()])
const start = async (given: FitSpec) => startFitting(given, await initialSet(given as never))

async function run(
  given: FitSpec,
  from: FitState,
): Promise<{ readonly losses: readonly number[]; readonly last: FitState }> {
  const losses: number[] = []
  let last = from
  for await (const { loss, state } of fit(given, from)) {
    losses.push(loss)
    last = state
  }
  return { losses, last }
}

describe('fit', () => {
  it('brings every slot under every view near a real image of its class', async () => {
    const { losses, last } = await run(spec(80), await start(spec(80)))
    expect(losses.at(-1)).toBeLessThan(0.7 * losses[0]!)
    // Class patterns are as far apart as random images, so a slot is nearest to its own class.
    const { layout } = set
    const means = await Promise.all(
      Array.from({ length: layout.classes }, async (_, label) => {
        const members = Int32Array.from([...real.labels.keys()].filter((i) => real.labels[i] === label))
        const values = (await real.images(members)).dataSync()
        const size = values.length / members.length
        return Float32Array.from({ length: size }, (__, i) => {
          let total = 0
          for (let n = 0; n < members.length; n++) total += values[n * size + i]!
          return total / members.length
        })
      }),
    )
    for (let slot = 0; slot < layout.slots; slot++)
      for (let view = 0; view < layout.views; view++) {
        const rows = rowsOf(Int32Array.of(slot), view)
        const seen = (await referenceEngine().compile('seen', set.render)(last.set, rows)).images.dataSync()
        const distances = means.map((mean) => mean.reduce((sum, v, i) => sum + (v - seen[i]!) ** 2, 0))
        expect(distances.indexOf(Math.min(...distances))).toBe(layout.labels[slot])
      }
  })

  it('continues bit for bit from a file', async () => {
    const whole = await run(spec(6), await start(spec(6)))
    const half = await run(spec(3), await start(spec(3)))
    const file = join(await mkdtemp(join(tmpdir(), 'haba-fit-')), 'fit.safetensors')
    await saveTree(file, half.last)
    const { last } = await run(spec(6), await loadTree<FitState>(file))
    expect(numbers(last.set)).toEqual(numbers(whole.last.set))
  })

  it('is where distilling starts', async () => {
    const distilled = {
      ...spec(4),
      objective: studentObjective({ steps: 1 }),
      optimizer: sgd({ learningRate: 1 }),
      steps: 1,
    }
    const state = await startDistilling(distilled)
    expect(numbers(state.set)).toEqual(numbers((await run(spec(4), await start(spec(4)))).last.set))
    const unfitted = await startDistilling(distilled, await initialSet(distilled))
    expect(numbers(unfitted.set)).not.toEqual(numbers(state.set))
  })

  it.each([
    [0, 0.1],
    [2, 0],
  ])('refuses %d steps at a rate of %d', async (steps, rate) => {
    await expect(start(spec(steps, rate))).rejects.toThrow('at least 1 step at a learningRate above 0')
  })
})
