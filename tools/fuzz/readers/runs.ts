import { cp, mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fromSafetensors, pixels, type AnyParameterization, type Network } from '@haba/core'
import { setCodec } from '@haba/codec'
import { loadTree, readSet } from '@haba/distill/files'
import { openExperts } from '@haba/matching/experts'
import { convNet } from '@haba/networks'
import { readConfig } from '../../../packages/cli/src/config/read-config.js'
import { checkpointsIn } from '../../../packages/cli/src/folder/checkpoints.js'
import { metricsOf, openRun } from '../../../packages/cli/src/folder/draw-run.js'
import { shapesOf } from '../../../packages/cli/src/folder/finished-run.js'
import { readJpegQualities } from '../../../packages/cli/src/measure/jpeg-quality.js'
import { readChoices } from '../../../packages/cli/src/folder/kept-choices.js'
import { owning } from '../../../packages/cli/src/folder/owner.js'
import { readRun } from '../../../packages/cli/src/folder/read-run.js'
import { tableText } from '../../../packages/cli/src/tell/tables.js'
import { readResult } from '../../../packages/cli/src/folder/packed.js'
import { usesOf } from '../../../packages/cli/src/folder/uses.js'
import { readSearchLines } from '../../../packages/cli/src/folder/search-lines.js'
import { referenceEngine } from '@haba/testing'
import { anyBytes, numbersInText, type Mutation } from '../mutate-bytes.js'
import { jsonLines, jsonValues, safetensorsHeaderValues } from '../mutate-json.js'
import type { Reader, Seed } from '../reader.js'
import { unsealedJson, unsealedLines, unsealedSafetensors } from '../unsealed.js'
import { stringify } from 'yaml'

const inJson: readonly Mutation[] = [jsonValues, jsonValues, jsonValues, anyBytes, numbersInText]
const inTensors: readonly Mutation[] = [safetensorsHeaderValues, safetensorsHeaderValues, anyBytes, numbersInText]
const inLines: readonly Mutation[] = [jsonLines, jsonLines, anyBytes, numbersInText]

type Unsealing = (bytes: Uint8Array) => Uint8Array

/** A file as it is, and three times as often without its checksum. */
async function sealed(
  folder: string,
  file: string,
  unseal: Unsealing,
  mutations: readonly Mutation[],
): Promise<Seed[]> {
  const bytes = new Uint8Array(await readFile(join(folder, file)))
  const open = { file, bytes: unseal(bytes), mutations }
  return [{ file, bytes, mutations }, open, open, open]
}

const json = (folder: string, file: string) => sealed(folder, file, unsealedJson, inJson)
const tensors = (folder: string, file: string) => sealed(folder, file, unsealedSafetensors, inTensors)

/** Of text and numbers as JavaScript holds them. */
const ofJson = { multiple: 64 }
/** Of tensors: a copy of the values, and the file itself. */
const ofTensors = { multiple: 16 }

/** A reader of files of a run that lies in a copy of it. */
const inRun = (
  name: string,
  run: 'run' | 'coded',
  seeds: (folder: string) => Promise<readonly Seed[]>,
  read: (folder: string, file: string) => Promise<unknown>,
): Reader => ({
  name,
  async open(folder, made) {
    // Beside the data, where its configuration looks for them.
    await cp(join(made, run), join(folder, run), { recursive: true })
    await cp(join(made, 'data'), join(folder, 'data'), { recursive: true })
    const inside = (await seeds(join(folder, run))).map((seed) => ({ ...seed, file: join(run, seed.file) }))
    return { ...ofJson, besides: 2 ** 27, seeds: inside, read: (file) => read(join(folder, run), file) }
  },
})

const silent = () => {}
const set = pixels({ image: [8, 8, 3], classes: 2, perClass: 1 }) as AnyParameterization
const network = convNet({ image: [8, 8, 3], classes: 2, depth: 1, width: 2 }) as Network

const found = async (folder: string, pattern: RegExp) => (await readdir(folder)).filter((name) => pattern.test(name))
const each = async (files: readonly string[], seeds: (file: string) => Promise<Seed[]>) =>
  (await Promise.all(files.map(seeds))).flat()

export const runReaders: readonly Reader[] = [
  {
    name: 'safetensors',
    async open(folder, made) {
      await cp(join(made, 'run/set.safetensors'), join(folder, 'any.safetensors'))
      const read = async (file: string) => fromSafetensors(file, await readFile(file), 'set')
      return { ...ofTensors, seeds: await tensors(folder, 'any.safetensors'), read }
    },
  },
  {
    name: 'checkpoint',
    async open(folder, made) {
      await cp(join(made, 'run/checkpoint.safetensors'), join(folder, 'checkpoint.safetensors'))
      const { madeOf } = await loadTree<{ readonly madeOf: string }>(join(folder, 'checkpoint.safetensors'))
      const checkpoints = checkpointsIn({ folder, madeOf, every: 1, steps: 2, say: silent })
      const read = async () => {
        try {
          await checkpoints.load()
        } finally {
          for (const name of await found(folder, /damaged/)) await rm(join(folder, name))
        }
      }
      return { ...ofTensors, seeds: await tensors(folder, 'checkpoint.safetensors'), read }
    },
  },
  ...(['run', 'coded'] as const).map((run): Reader => ({
    name: run === 'run' ? 'set' : 'coded set',
    async open(folder, made) {
      for (const file of ['set.json', 'set.safetensors']) await cp(join(made, run, file), join(folder, file))
      const like = await shapesOf(set)
      const read = () => readSet(folder, like, setCodec())
      const seeds = [...(await json(folder, 'set.json')), ...(await tensors(folder, 'set.safetensors'))]
      return { ...ofJson, besides: 2 ** 22, seeds, read }
    },
  })),
  {
    name: 'experts',
    async open(folder, made) {
      await cp(join(made, 'experts'), folder, { recursive: true })
      const read = async () => {
        const { count, epochs, read } = await openExperts(folder, network)
        for (let expert = 0; expert < count; expert++) for (const epoch of [0, epochs]) await read(expert, epoch)
      }
      return { ...ofTensors, seeds: await tensors(folder, 'expert-0001.safetensors'), read }
    },
  },
  inRun(
    'run folder',
    'run',
    async (folder) => each(['config.json', 'identity.json', 'set.json'], (file) => json(folder, file)),
    (folder) => readRun(folder, { say: silent }),
  ),
  inRun(
    'finished run',
    'run',
    async (folder) => [
      ...(await each(['set.json', 'result.json'], (file) => json(folder, file))),
      ...(await tensors(folder, 'preprocessing.safetensors')),
    ],
    async (folder) => {
      const read = await readRun(folder, { say: silent })
      const { result, preprocessing } = await openRun(folder, read, referenceEngine())
      preprocessing.invert(new Float32Array(192), [8, 8, 3])
      return tableText(result)
    },
  ),
  {
    name: 'packed run',
    async open(folder, made) {
      await cp(join(made, 'run.haba.safetensors'), join(folder, 'any.safetensors'))
      await cp(join(made, 'data'), join(folder, 'data'), { recursive: true })
      const read = async (file: string) => {
        const opened = await readRun(file, { say: silent, reads: false })
        const { result, preprocessing } = await openRun(file, opened, referenceEngine())
        preprocessing.invert(new Float32Array(192), [8, 8, 3])
        return tableText(result)
      }
      return { ...ofTensors, besides: 2 ** 27, seeds: await tensors(folder, 'any.safetensors'), read }
    },
  },
  inRun(
    'result',
    'run',
    (folder) => json(folder, 'result.json'),
    async (folder) => {
      const result = await readResult(folder)
      return tableText(result!)
    },
  ),
  inRun(
    'choices',
    'run',
    (folder) => json(folder, 'choices.json'),
    (_, file) => readChoices(file),
  ),
  inRun(
    'JPEG qualities',
    'run',
    (folder) => json(folder, 'jpeg.json'),
    (_, file) => readJpegQualities(file),
  ),
  inRun(
    'uses of a run',
    'run',
    async (folder) =>
      each(await found(folder, /^(evaluation|continual|search).*\.json$/), (file) => json(folder, file)),
    (folder) => usesOf(folder, 'the set', 2),
  ),
  inRun(
    'search',
    'run',
    (folder) => sealed(folder, 'search.jsonl', unsealedLines, inLines),
    (_, file) => readSearchLines(file),
  ),
  inRun(
    'metrics',
    'run',
    async () => [{ file: 'metrics.jsonl', mutations: inLines }],
    (folder) => metricsOf(folder),
  ),
  {
    name: 'owner',
    async open(folder) {
      const file = '.owner-00000000-0000-4000-8000-000000000000.json'
      await mkdir(folder, { recursive: true })
      let text: Uint8Array | undefined
      await owning(folder, 'haba distill', async () => {
        text = await readFile(join(folder, (await readdir(folder))[0]!))
      })
      // Of a process that has ended: its file is removed, and the folder is free.
      const ended = Buffer.from(JSON.stringify({ ...(JSON.parse(`${text}`) as object), started: '1' }))
      return {
        ...ofJson,
        seeds: [{ file, bytes: new Uint8Array(ended), mutations: inJson }],
        read: () => owning(folder, 'npm run fuzz', async () => {}),
      }
    },
  },
  {
    name: 'configuration',
    async open(folder, made) {
      await cp(join(made, 'run.json'), join(folder, 'any.json'))
      const recipes = new URL('../../../recipes/', import.meta.url)
      const names = ['mnist-haba.json', 'cifar10-mtt.json', 'cifar10-idc.json', 'mnist-ld.json', 'cifar10-rtp.json']
      const texts = await Promise.all(names.map((name) => readFile(new URL(name, recipes))))
      const seeds = [{ file: 'any.json', mutations: inJson }].concat(
        texts.map((bytes) => ({ file: 'any.json', bytes: new Uint8Array(bytes), mutations: inJson })),
      )
      return { ...ofJson, seeds, read: (file) => readConfig(file) }
    },
  },
  {
    name: 'configuration in YAML',
    open: async (folder, made) => {
      await cp(join(made, 'run.json'), join(folder, 'any.yaml'))
      const config = JSON.parse(await readFile(join(made, 'run.json'), 'utf8')) as object
      const block = stringify(config).replace('name:', 'name: &name').concat('$schema: *name # read by editors\n')
      const mutations = [anyBytes, anyBytes, numbersInText]
      const seeds = [
        { file: 'any.yaml', mutations: inJson },
        { file: 'any.yaml', bytes: new TextEncoder().encode(block), mutations },
        { file: 'any.yaml', bytes: new TextEncoder().encode(stringify(config)), mutations },
      ]
      // Every value has a node with its place.
      return { multiple: 1024, seeds, read: (file) => readConfig(file) }
    },
  },
  {
    name: 'allowed plugins',
    async open(folder, made) {
      const file = 'haba/config.json'
      await mkdir(join(folder, dirname(file)), { recursive: true })
      await mkdir(join(folder, 'run'))
      const config = JSON.parse(await readFile(join(made, 'run.json'), 'utf8')) as object
      const run = join(folder, 'run/config.json')
      await cp(join(made, 'run.json'), run)
      const { writeFile } = await import('node:fs/promises')
      await writeFile(join(folder, 'plugin.mjs'), 'export const plugin = {}\n')
      await writeFile(run, JSON.stringify({ ...config, plugins: ['../plugin.mjs'] }))
      process.env.XDG_CONFIG_HOME = folder
      const text = JSON.stringify({ allowPlugins: [join(folder, 'plugin.mjs')] })
      const seeds = [{ file, bytes: Buffer.from(text), mutations: inJson }]
      return { ...ofJson, seeds, read: () => readConfig(run, { received: true }) }
    },
  },
]
