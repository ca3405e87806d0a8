import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { commandLine } from '@haba/cli'
import { drawClasses } from '../../packages/cli/src/made-up-images.test-data.js'

const config = {
  seed: 3,
  data: { use: 'image-folder', root: 'data', preprocessing: 'zca' },
  network: { use: 'convnet', depth: 1, width: 2 },
  set: { use: 'pixels', perClass: 1 },
  objective: { use: 'distribution-matching', realPerClass: 4 },
  optimizer: { images: { learningRate: 0.1 } },
  steps: 2,
  evaluate: { protocol: 'dsa', epochs: 1, networks: 1 },
  compare: { random: true, kCenter: true, qualities: [30], selection: { epochs: 1 } },
  experts: { folder: 'experts', count: 2, epochs: 1 },
}

const space = JSON.stringify({
  width: [2],
  depth: [1],
  normalization: ['none', 'instance'],
  activation: ['relu'],
  pooling: ['average'],
})

async function haba(...args: readonly string[]): Promise<void> {
  let said = ''
  const screen = { write: (text: string) => (said += text) }
  const code = await commandLine(args, { out: screen, err: screen })
  if (code !== 0) throw new Error(`haba ${args.join(' ')}: ${said}`)
}

/** Makes what readers are tried on, by the commands of haba: a run, a coded run, experts, and all that is measured of a run. */
export async function make(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  await drawClasses(join(folder, 'data/train'), { ant: 6, bee: 6 })
  await drawClasses(join(folder, 'data/test'), { ant: 3, bee: 3 }, { from: 9 })
  const write = (name: string, changes: object) =>
    writeFile(join(folder, `${name}.json`), JSON.stringify({ ...config, name, ...changes }))
  await write('run', {})
  await write('coded', { codec: { bits: 4, patch: 2 }, compare: { random: false } })
  const run = join(folder, 'run')
  await haba('distill', `${run}.json`, '--out', run)
  await haba('pack', run)
  await haba('export', run, '--to', 'npz', '--out', join(folder, 'exported'))
  await haba('distill', join(folder, 'coded.json'), '--out', join(folder, 'coded'))
  await haba('experts', `${run}.json`)
  await haba('evaluate', run, '--seeds', '1', '--epochs', '1', '--workers', '1', '--baselines', 'random')
  await haba('continual', run, '--seeds', '1', '--epochs', '1', '--steps', '2')
  await haba('search', run, '--space', space, '--epochs', '1', '--real-epochs', '1', '--workers', '1')
}
