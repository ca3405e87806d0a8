/**
 * Images of one's own, in folders by class: FOLDER/train/CLASS/* and FOLDER/test/CLASS/*. Without an argument, 8 × 8 pictures of two
 * colors are drawn first.
 */
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keyFrom, pixels, sgd } from '@haba/core'
import { imageFolder } from '@haba/datasets'
import { distill, expand } from '@haba/distill'
import { onnxEngine } from '@haba/engine-onnx'
import { evaluateSet, protocols } from '@haba/eval'
import { distributionMatching } from '@haba/matching'
import { convNet } from '@haba/networks'
import { encodePicture } from '@haba/report'

const root = process.argv[2] ?? (await drawn())
// Give `size: [64, 64]` where images differ in size, and `testFraction` where there is no test folder.
const { train, test, image, classes, classNames } = await imageFolder({ root })
console.log(`${train.labels.length} images of ${classNames.join(', ')}, ${image.join(' × ')}`)

const engine = onnxEngine()
const network = convNet({ image, classes, depth: 2, width: 16 })
const parameterization = pixels({ image, classes, perClass: 1 })
const objective = distributionMatching({ network, realPerClass: 8 })
const spec = { engine, key: keyFrom(1), real: train, parameterization, objective, steps: 10 }
for await (const { step, state } of distill({ ...spec, optimizer: sgd({ learningRate: 0.1 }) })) {
  if (step < spec.steps) continue
  const set = await expand(engine, parameterization, state.set)
  const protocol = { ...protocols.dsa({}), epochs: 30 }
  const { mean } = await evaluateSet(set, { engine, network, protocol, test, key: keyFrom(2), networks: 1 })
  console.log(`one image a class: ${(100 * mean).toFixed(0)} % of ${test.labels.length} test images`)
}

async function drawn(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'haba-images-'))
  for (const [half, count] of Object.entries({ train: 16, test: 8 }))
    for (const [channel, name] of ['reddish', 'greenish'].entries()) {
      const folder = join(root, half, name)
      await mkdir(folder, { recursive: true })
      for (let n = 0; n < count; n++) {
        const rgb = Uint8Array.from({ length: 192 }, (_, i) => ((i * 37 + n * 11) % 90) + (i % 3 === channel ? 120 : 0))
        await writeFile(join(folder, `${n}.png`), (await encodePicture({ width: 8, height: 8, rgb })).png)
      }
    }
  return root
}
