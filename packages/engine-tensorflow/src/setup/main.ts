import { HabaError } from '@haba/core'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { usualFolder } from '../binding.js'
import { placeOf } from './place.js'
import { runIn } from './run.js'
import { report, setUp } from './setup.js'
import { stepsOf } from './steps.js'

/** The release that was tried with all tests. */
const VERSION = '2.21.0'

const help = `haba-setup-tensorflow: builds the binding between Node and the TensorFlow of pip, for @haba/engine-tensorflow.

  --folder DIR          where to (default: HABA_TENSORFLOW, else ~/.haba/tensorflow); nothing else is changed
  --gpu                 with the libraries of NVIDIA's GPUs (about 4 GB to download, not tried on a card yet)
  --tensorflow VERSION  another release than ${VERSION}
  --check               only says what is there

Needs Linux on x64, Python 3.10 to 3.13, npm, tar and g++; pip and npm are asked as they are configured.
An interrupted setup resumes. Remove the folder to undo it.`

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      folder: { type: 'string' },
      gpu: { type: 'boolean', default: false },
      tensorflow: { type: 'string', default: VERSION },
      check: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return console.log(help)
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new HabaError(
      'haba-setup-tensorflow',
      'Linux on x64',
      `${process.platform} on ${process.arch}`,
      'Install @tensorflow/tfjs-node@4.22.0 with its install script instead, or use the engine onnx.',
    )
  const folder = resolve(values.folder ?? usualFolder())
  const place = placeOf(folder, values.gpu ? 'tensorflow[and-cuda]' : 'tensorflow-cpu', values.tensorflow)
  const steps = stepsOf({
    place,
    // Only looking, there may be no folder yet.
    run: runIn(values.check ? tmpdir() : place.scratch),
    nodeInclude: join(dirname(process.execPath), '..', 'include', 'node'),
  })
  const options = { place, steps, print: (line: string) => console.log(line) }
  if (!values.check) {
    await setUp(options)
    console.log(folder === usualFolder() ? 'Ready.' : `Ready. Set HABA_TENSORFLOW=${folder} where it is used.`)
  } else if (!(await report(options))) process.exitCode = 1
}

await main().catch((error: unknown) => {
  console.error(HabaError.is(error) || error instanceof TypeError ? error.message : error)
  process.exitCode = 1
})
