import { mkdtemp, readdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  constant,
  disposeTree,
  foldIn,
  fromSafetensors,
  isNotFinite,
  keyFrom,
  mapTree,
  mul,
  namedLeaves,
  normal,
  pixels,
  scalar,
  softmax,
  tensor,
  tensorLeaves,
  toSafetensors,
  valueAndGrad,
  type Network,
  type Tree,
} from '@haba/core'
import {
  batchNormalized,
  referenceEngine,
  seedFrom,
  straightThrough,
  testObjective,
  tinyNetwork,
  toyData,
  toySet,
} from '@haba/testing'
import type { Scalar, Tensor2D } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { openExperts, recordExperts, type Experts } from './experts.js'
import { expertLabels, trajectoryDistance, trajectoryMatching, type StudentLabels } from './trajectory-matching.js'

const network = tinyNetwork()

/** Made-up experts: a random walk from a fresh network. */
const walkers = (epochs: number): Experts => ({
  count: 2,
  epochs,
  read: async (expert, epoch) => {
    const { weights } = network.init(keyFrom(expert)) as { weights: Tree }
    const key = foldIn(keyFrom(expert), 'walk')
    const walked = mapTree(
      (w) =>
        tensor(
          normal(foldIn(key, w.size), w.size).map((v, i) => w.dataSync()[i]! + 0.1 * epoch * v),
          w.shape,
        ),
      weights,
    )
    disposeTree(weights)
    return walked
  },
})

const small = { network, experts: walkers(5), steps: 3, expertEpochs: 2, maxStartEpoch: 3, batch: 4, learningRate: 0.2 }
const normalized = batchNormalized(network, 2) as unknown as Network

testObjective({ make: () => trajectoryMatching(small) })
testObjective({
  make: () => ({ ...trajectoryMatching({ ...small, network: normalized }), name: 'MTT with batch normalization' }),
})
testObjective({ make: () => ({ ...trajectoryMatching({ ...small, mixViews: true }), name: 'MTT, mixed views' }) })
testObjective({ make: () => ({ ...trajectoryMatching({ ...small, momentum: 0.9 }), name: 'MTT with momentum' }) })

it.each([
  [false, 1],
  [true, 2],
])('shows a batch under one view, or under one for each image: mixViews %s', async (mixViews, least) => {
  const objective = trajectoryMatching({ ...small, mixViews })
  const { items } = await objective.draw(keyFrom(1), { real: toyData(), layout: toySet().layout, state: {} })
  const most = Math.max(...items.map(({ rows }) => new Set(rows.views.dataSync()).size))
  expect(mixViews ? most >= least : most === least).toBe(true)
})

describe('trajectoryDistance', () => {
  const distance = async (reached: number[], start: number[], target: number[]) => {
    const weights = (v: number[]): Tree => ({ w: tensor(v, [v.length]) })
    const measure = referenceEngine().compile('distance', trajectoryDistance)
    return (await measure(weights(reached), weights(start), weights(target))).dataSync()[0]
  }

  it('is 1 where the student stayed at the start', async () => expect(await distance([1, 2], [1, 2], [4, 6])).toBe(1))
  it('is the squared distance left over the squared distance to go', async () =>
    // ‖(3,4)-(4,6)‖² / ‖(1,2)-(4,6)‖² = 5 / 25
    expect(await distance([3, 4], [1, 2], [4, 6])).toBeCloseTo(0.2, 6))
})

describe('expertLabels', async () => {
  it('are refused for batch normalization, whose moments experts do not record', () =>
    expect(() => trajectoryMatching({ ...small, network: normalized, labels: expertLabels })).toThrow(
      'expected a network without running moments, for labels of experts',
    ))

  const real = toyData()
  const set = pixels({ image: real.image, classes: real.classes, perClass: 1 })
  const params = await set.init(keyFrom(1), seedFrom(real))
  const teach = (labels: StudentLabels) =>
    trajectoryMatching({
      network,
      experts: walkers(5),
      steps: 1,
      expertEpochs: 2,
      maxStartEpoch: 3,
      augmentation: { name: 'double', draw: () => ({}), apply: (images) => mul(images, 2) },
      labels,
    })
  const objective = teach(expertLabels)
  const drawn = await objective.draw(keyFrom(4), { real, layout: set.layout, state: {} })
  const seen = (stored: typeof params) => ({
    layout: set.layout,
    render: (rows: Parameters<typeof set.render>[1]) => set.render(stored, rows),
  })
  const labels = await referenceEngine().compile('labels', (stored: typeof params, common: typeof drawn.common) => {
    const { images } = set.render(stored, drawn.items[0]!.rows)
    const says = (weights: Tree) =>
      softmax(network.apply(weights as never, images, { kind: 'evaluate', state: {} }).logits)
    const { targets } = objective.input(seen(stored), common, drawn.items[0]!)
    return { targets, target: says(common.target), start: says(common.start) }
  })(params, drawn.common)
  const values = (t: Tree) => tensorLeaves(t).flatMap((leaf) => [...leaf.dataSync()])

  it("are the target's softmax of the images before they change, whatever the set says", () => {
    values(labels.targets).forEach((v, i) => expect(v).toBeCloseTo(values(labels.target)[i]!, 5))
    expect(values(labels.targets).some((v, i) => Math.abs(v - values(labels.start)[i]!) > 1e-3)).toBe(true)
  })

  it('pass no gradient: it is that of labels which stay', async () => {
    const gradientOf = (one: ReturnType<typeof teach>) =>
      referenceEngine().compile('gradient', (stored: typeof params, { rate }: { readonly rate: Scalar }) => ({
        ...valueAndGrad((at: typeof params) => straightThrough(one, seen(at), { rate }, drawn), stored),
      }))(params, { rate: scalar(0.2) })
    const stay: StudentLabels = () => constant(values(labels.targets), [3, 3]) as Tensor2D
    const [own, fixed] = [await gradientOf(objective), await gradientOf(teach(stay))]
    expect(values(own.value)[0]).toBeCloseTo(values(fixed.value)[0]!, 5)
    const wanted = values(fixed.grad)
    expect(Math.max(...wanted.map(Math.abs))).toBeGreaterThan(0)
    values(own.grad).forEach((v, i) => expect(v).toBeCloseTo(wanted[i]!, 6))
  })
})

describe('trajectoryMatching', () => {
  it('refuses experts that are too short, with the arithmetic', () => {
    expect(() => trajectoryMatching({ network, experts: walkers(5), expertEpochs: 2, maxStartEpoch: 20 })).toThrow(
      'trajectoryMatching: expected experts of at least 21 epochs (maxStartEpoch 20 - 1 + expertEpochs 2), got 5. ' +
        'Record longer experts or lower maxStartEpoch.',
    )
  })
})

describe('experts', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'haba-experts-'))
  const real = toyData()
  const record = (count: number) =>
    recordExperts({
      folder,
      engine: referenceEngine(),
      network,
      real,
      key: keyFrom(3),
      count,
      epochs: 2,
      learningRate: 0.1,
      batch: 10,
    })
  const numbers = (tree: Tree) => tensorLeaves(tree).map((t) => [...t.dataSync()])

  it('are read back epoch by epoch, and each epoch differs', async () => {
    await record(1)
    const experts = await openExperts(folder, network)
    expect([experts.count, experts.epochs]).toEqual([1, 2])
    const [start, middle, end] = await Promise.all([0, 1, 2].map((epoch) => experts.read(0, epoch)))
    expect([...namedLeaves(start!).keys()]).toEqual([...namedLeaves(network.init(keyFrom(0)).weights).keys()])
    expect(numbers(start!)).not.toEqual(numbers(middle!))
    expect(numbers(middle!)).not.toEqual(numbers(end!))
  })

  it('go on where a recording stopped, and equal those of one go', async () => {
    await record(2)
    const experts = await openExperts(folder, network)
    expect(experts.count).toBe(2)
    const other = await mkdtemp(join(tmpdir(), 'haba-experts-'))
    await recordExperts({
      folder: other,
      engine: referenceEngine(),
      network,
      real,
      key: keyFrom(3),
      count: 2,
      epochs: 2,
      learningRate: 0.1,
      batch: 10,
    })
    const again = await openExperts(other, network)
    expect(numbers(await again.read(1, 2))).toEqual(numbers(await experts.read(1, 2)))
    expect((await readdir(folder)).some((name) => name.endsWith('.partial'))).toBe(false)
  })

  it('are refused while they are recorded where they diverge, and not written', async () => {
    const other = await mkdtemp(join(tmpdir(), 'haba-experts-'))
    const options = { folder: other, engine: referenceEngine(), network, real, key: keyFrom(3), count: 1, epochs: 2 }
    const error = await recordExperts({ ...options, batch: 4, learningRate: 3e38 }).catch((caught: unknown) => caught)
    expect(String(error)).toMatch(/expert 1: expected finite numbers, got \S+ in (loss|weights\.\S+) in epoch [12]\./)
    expect(isNotFinite(error)).toBe(true)
    expect(await readdir(other)).toEqual([])
  })

  it('are named with their tensor where a bit is flipped, and where they were recorded diverged', async () => {
    const path = join(folder, 'expert-0000.safetensors')
    const whole = await readFile(path)
    const experts = await openExperts(folder, network)
    const copy = Buffer.from(whole)
    copy[copy.length - 3]! ^= 4
    await writeFile(path, copy)
    await expect(experts.read(0, 2)).rejects.toThrow(/expert-0000\.safetensors, tensor 2\/.* the file is damaged\./)
    // Only what is read is looked at.
    await expect(experts.read(0, 1)).resolves.toBeDefined()
    const { tensors, metadata } = fromSafetensors(path, whole)
    const bad = [...tensors].map(([name, t], i) => {
      const values = i === tensors.size - 1 ? new Float32Array(t.size).fill(NaN) : (t.dataSync() as Float32Array)
      return [name, tensor(values, t.shape)] as const
    })
    await writeFile(path, toSafetensors(new Map(bad), metadata))
    await expect((await openExperts(folder, network)).read(0, 2)).rejects.toThrow(/got NaN in .* after epoch 2\./)
    await writeFile(path, whole)
  })

  it('are refused by name where they are missing, foreign or cut short', async () => {
    await expect(openExperts(join(folder, 'nowhere'), network)).rejects.toThrow('Record them with `haba experts`.')
    await expect(openExperts(folder, { ...network, name: 'other' })).rejects.toThrow(
      'expected experts of other, got tiny',
    )
    const experts = await openExperts(folder, network)
    await truncate(join(folder, 'expert-0001.safetensors'), 4000)
    await expect(experts.read(1, 2)).rejects.toThrow('The file is cut short.')
  })
})
