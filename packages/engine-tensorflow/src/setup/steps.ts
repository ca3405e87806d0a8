import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { probe, type Probed } from '../probe.js'
import type { Place } from './place.js'
import type { Run } from './run.js'

/** One thing that must be there before the next can be made. */
export interface Step {
  readonly name: string
  /** What is there already, in a few words; nothing where it must be made. */
  found(): Promise<string | undefined>
  make(): Promise<unknown>
  /** What to do where it cannot be made. */
  readonly todo: string
}

/** What steps are made of. */
export interface StepsOptions {
  readonly place: Place
  readonly run: Run
  /** Headers of the running Node, or where they would be. */
  readonly nodeInclude: string
  /** @default loads the binding in another process */
  readonly tryBinding?: (file: string) => Promise<Probed>
}

const TFJS_NODE = '@tensorflow/tfjs-node@4.22.0'
const NODE_API_HEADERS = 'node-api-headers@1.5.0'

/** All steps in order. */
export const stepsOf = (options: StepsOptions): readonly Step[] => [
  pythonStep(options),
  wheelStep(options),
  sourcesStep(options),
  headersStep(options),
  compileStep(options),
  tryStep(options),
]

const orNothing = <T>(promise: Promise<T>): Promise<T | undefined> => promise.catch(() => undefined)

/** The Python whose pip works, and what pip says of itself. */
async function pip({
  place,
  run,
}: StepsOptions): Promise<{ readonly python: string; readonly says: string } | undefined> {
  for (const python of [join(place.folder, 'python', 'bin', 'python'), 'python3', 'python']) {
    const says = await orNothing(run(python, ['-m', 'pip', '--version']))
    if (says !== undefined) return { python, says: says.replace(/ from .*\(/, ' (').trim() }
  }
  return undefined
}

const pythonStep = (options: StepsOptions): Step => ({
  name: 'Python with pip',
  found: async () => (await pip(options))?.says,
  // Some Pythons come without pip, but can bring it into an environment of its own.
  make: () => options.run('python3', ['-m', 'venv', join(options.place.folder, 'python')]),
  todo: 'Install Python 3.10 to 3.13 with pip or venv (Debian, Ubuntu: apt install python3-venv).',
})

/** Unpacks of the wheels in a folder the libraries, and of 13 000 headers those that may be needed. */
const UNPACK = `
import glob, sys, zipfile
wheels, target = sys.argv[1:]
include = 'tensorflow/include/'
kept = ('tensorflow/libtensorflow', include + 'tensorflow/c/', include + 'tensorflow/core/platform/', include + 'tsl/',
        include + 'xla/tsl/', 'nvidia/')
for wheel in glob.glob(wheels + '/*.whl'):
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.startswith(kept): archive.extract(name, target)
`

const wheelStep = (options: StepsOptions): Step => {
  const { place, run } = options
  const mark = join(place.wheels, 'what.json')
  const what = JSON.stringify({ wheel: place.wheel, version: place.version })
  const needed = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2', 'include/tensorflow/c/c_api.h']
  return {
    name: `TensorFlow (${place.wheel} ${place.version})`,
    found: async () =>
      (await orNothing(readFile(mark, 'utf8'))) === what
        ? `libraries and headers in ${join(place.wheels, 'tensorflow')}`
        : undefined,
    async make() {
      const { python } = (await pip(options))!
      const [got, unpacked] = [join(place.scratch, 'wheels'), join(place.scratch, 'unpacked')]
      const only = place.wheel === 'tensorflow-cpu' ? ['--no-deps'] : []
      await run(python, ['-m', 'pip', 'download', '--only-binary=:all:', ...only, '--dest', got, pinned(place)])
      await rm(unpacked, { recursive: true, force: true })
      await run(python, ['-c', UNPACK, got, unpacked])
      const lacking = needed.filter((file) => !existsSync(join(unpacked, 'tensorflow', file)))
      if (lacking.length > 0) throw new Error(`the wheel has no ${lacking.join(', ')}`)
      await writeFile(join(unpacked, 'what.json'), what)
      for (const old of [place.wheels, place.binding, got]) await rm(old, { recursive: true, force: true })
      await rename(unpacked, place.wheels)
    },
    todo: `Try python3 -m pip download --no-deps ${pinned(place)}: pip must reach its index, there are wheels for Python 3.10 to 3.13 on Linux x64, and ${place.wheel === 'tensorflow-cpu' ? '2 GB' : '12 GB'} must be free.`,
  }
}

const pinned = ({ wheel, version }: Place) => `${wheel}==${version}`

/** Gets one npm package without installing it: nothing of it runs. */
async function unpackNpm({ place, run }: StepsOptions, name: string, target: string): Promise<void> {
  const packed = await run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', place.scratch, name])
  const archive = join(place.scratch, basename(packed.trim()))
  await run('tar', ['-xzf', archive, '-C', place.scratch])
  await rm(target, { recursive: true, force: true })
  await rename(join(place.scratch, 'package'), target)
}

const sourcesStep = (options: StepsOptions): Step => ({
  name: `sources of ${TFJS_NODE}`,
  found: async () => {
    const manifest = await orNothing(readFile(join(options.place.sources, 'package.json'), 'utf8'))
    return manifest?.includes('"4.22.0"') ? options.place.sources : undefined
  },
  make: () => unpackNpm(options, TFJS_NODE, options.place.sources),
  todo: `Try npm pack ${TFJS_NODE}: npm must reach its registry; tar must be installed.`,
})

/** The folder with node_api.h. */
const includeOf = ({ place, nodeInclude }: StepsOptions): string | undefined =>
  [nodeInclude, join(place.headers, 'include')].find((folder) => existsSync(join(folder, 'node_api.h')))

const headersStep = (options: StepsOptions): Step => ({
  name: 'headers of Node-API',
  found: async () => includeOf(options),
  make: () => unpackNpm(options, NODE_API_HEADERS, options.place.headers),
  todo: `Try npm pack ${NODE_API_HEADERS}: npm must reach its registry.`,
})

const compileStep = (options: StepsOptions): Step => {
  const { place, run } = options
  const compiler = process.env.CXX ?? 'g++'
  return {
    name: `binding, compiled by ${compiler}`,
    found: async () => (existsSync(place.binding) ? place.binding : undefined),
    async make() {
      await run(compiler, ['--version'])
      const made = join(place.scratch, 'tfjs_binding.node')
      await run(compiler, compilerArguments(place, includeOf(options)!, made))
      await mkdir(dirname(place.binding), { recursive: true })
      await rename(made, place.binding)
    },
    todo: 'Install a C++17 compiler (Debian, Ubuntu: apt install g++), or name one in CXX.',
  }
}

/** Libraries are found relative to the binding, so the folder may move. */
export function compilerArguments(place: Place, nodeInclude: string, made: string): readonly string[] {
  const tensorflow = join(place.wheels, 'tensorflow')
  const sources = ['tfjs_backend.cc', 'tfjs_binding.cc'].map((file) => join(place.sources, 'binding', file))
  return [
    ...['-O2', '-std=c++17', '-fPIC', '-shared', '-DNAPI_VERSION=8'],
    ...[`-I${nodeInclude}`, `-I${join(tensorflow, 'include')}`],
    ...sources,
    ...['-o', made, `-L${tensorflow}`, '-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2'],
    '-Wl,-rpath,$ORIGIN/../wheels/tensorflow',
  ]
}

const tryStep = ({ place, tryBinding = probe }: StepsOptions): Step => {
  let why = ''
  return {
    name: 'one convolution',
    async found() {
      if (!existsSync(place.binding)) return undefined
      const tried = await tryBinding(place.binding)
      if (tried.works) return `TensorFlow ${tried.version} computes on the ${tried.gpu ? 'GPU' : 'CPU'}`
      why = tried.why
      return undefined
    },
    async make() {
      throw new Error(why)
    },
    todo: `Remove ${place.folder} and run this again; if that does not help, report the message above.`,
  }
}
