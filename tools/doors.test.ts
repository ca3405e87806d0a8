import * as augment from '@haba/augment'
import * as codec from '@haba/codec'
import * as core from '@haba/core'
import * as coreset from '@haba/coreset'
import * as datasets from '@haba/datasets'
import * as distilling from '@haba/distill'
import * as distillFiles from '@haba/distill/files'
import * as evaluation from '@haba/eval'
import * as hallucinator from '@haba/hallucinator'
import * as matching from '@haba/matching'
import * as experts from '@haba/matching/experts'
import * as meta from '@haba/meta'
import * as networks from '@haba/networks'
import * as report from '@haba/report'
import * as sets from '@haba/sets'
import { referenceEngine, tinyNetwork, toyData } from '@haba/testing'
import { describe, expect, it } from 'vitest'

/** The main functions of every package that take options, by their names. */
const doors: Readonly<Record<string, readonly [object, readonly string[]]>> = {
  core: [core, ['adam', 'pixels', 'sgd', 'trainer']],
  codec: [codec, ['refine', 'rounded']],
  coreset: [coreset, ['choose', 'featuresOf', 'forgetting', 'herding', 'kCenter', 'kMeans', 'observeTraining']],
  datasets: [datasets, ['fromArrays', 'imageFolder', 'npz', 'parquet']],
  distill: [distilling, ['differentiate', 'distill', 'estimateMemory', 'expand', 'fit', 'startDistilling']],
  eval: [
    evaluation,
    [
      'augmentationRobustScore',
      'chooseOnValidation',
      'continual',
      'crossArchitecture',
      'evaluateDraws',
      'evaluateOn',
    ].concat(['evaluateReal', 'evaluateSet', 'imageStrength', 'labelRobustScore']),
  ],
  hallucinator: [hallucinator, ['adversarialContrast', 'factorized']],
  matching: [
    matching,
    ['cafe', 'contrastiveSignals', 'distributionMatching', 'gradientMatching', 'idcMatching'].concat([
      'trajectoryMatching',
    ]),
  ],
  'matching/experts': [experts, ['recordExperts']],
  'distill/files': [distillFiles, ['writeSet']],
  meta: [meta, ['labelDistillation', 'testAsPrescribed', 'unrolledTraining']],
  networks: [networks, ['alexNet', 'convNet', 'leNet', 'mlp', 'resNet18', 'resNet18AP', 'vgg11']],
  report: [report, ['comparisonPage', 'eventFile', 'gridLayout', 'pictureGrid', 'runPage', 'toPixels']],
  sets: [sets, ['canvas', 'fred', 'gaussians', 'labeled', 'lowRank', 'multiFormation', 'rtp']],
  augment: [augment, ['chain', 'idcOrder', 'oneOf']],
}

/** What a call throws, at once, later, or where its first value is asked for. */
async function thrownBy(call: () => unknown): Promise<unknown> {
  try {
    const result = call()
    if (typeof result === 'object' && result !== null && 'next' in result) await (result as AsyncGenerator).next()
    else await result
    return undefined
  } catch (error) {
    return error
  }
}

describe('a call from plain JavaScript', () => {
  it.each(Object.entries(doors).flatMap(([name, [exports, names]]) => names.map((fn) => [name, fn, exports] as const)))(
    '%s: %s refuses what is no options',
    async (_, name, exports) => {
      const door = (exports as Readonly<Record<string, (...args: readonly unknown[]) => unknown>>)[name]!
      for (const args of [[], [null], [{ steps: 3 }], [{}, {}, {}], ['text', 'text']]) {
        const error = await thrownBy(() => door(...args))
        expect(core.HabaError.is(error), `${name}(${JSON.stringify(args).slice(1, -1)}) throws ${String(error)}`).toBe(
          true,
        )
      }
    },
  )
})

describe('a wrong part', () => {
  const whole = {
    engine: referenceEngine(),
    key: core.keyFrom(1),
    real: toyData(),
    parameterization: core.pixels({ image: [8, 8, 2], classes: 3, perClass: 1 }),
    objective: matching.distributionMatching({ network: tinyNetwork() }),
    optimizer: core.sgd({ learningRate: 1 }),
    steps: 1,
  }
  const said = async (wrong: object) =>
    String(await thrownBy(() => distilling.distill({ ...whole, ...wrong } as unknown as distilling.DistillSpec)))

  it('is named, with what came and what to do', async () => {
    expect(await said({ engine: undefined })).toContain(
      'distill: expected `engine` to be an Engine, such as onnxEngine()',
    )
    expect(await said({ engine: Promise.resolve(whole.engine) })).toMatch(/`engine` .* got a promise\. Await it\./)
    const dataset = { forEachAsync: async () => {}, batch: () => {} }
    expect(await said({ real: dataset })).toMatch(
      /`real` .* got a tf\.data\.Dataset\. Read it into arrays first: `fromArrays`/,
    )
    expect(await said({ real: { train: toyData(), test: toyData() } })).toMatch(/got a Dataset\. Pass one of its parts/)
    expect(await said({ real: { ...toyData(), labels: [0, 1] } })).toContain('an object without a valid `labels`')
    expect(await said({ key: 1 })).toContain('`key` to be a Key, such as keyFrom(1), got 1.')
    expect(await said({ games: {} })).toContain('`games` to be a list of games, got another object.')
    expect(await said({ steps: '3' })).toContain('`steps` to be a number, got "3".')
  })

  it('is not found where all are right', async () => {
    expect(await said({})).toBe('undefined')
  })
})
