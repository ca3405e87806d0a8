import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { placeOf, type Place } from './place.js'
import type { Run } from './run.js'
import { report, setUp } from './setup.js'
import { compilerArguments, stepsOf } from './steps.js'

let folder: string
let place: Place
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'haba-setup-'))
  place = placeOf(folder, 'tensorflow-cpu', '2.21.0')
})
afterEach(() => rmSync(folder, { recursive: true }))

const write = (file: string, text = '') => {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}

/** Programs that leave what real ones would; those named in `failing` fail. */
function programs(failing: readonly string[] = [], pip: 'there' | 'in an environment' | 'nowhere' = 'there') {
  const calls: string[] = []
  let working = pip === 'there' ? 'python3' : ''
  const run: Run = async (program, args) => {
    const call = [program, ...args].join(' ').replaceAll(folder, 'DIR')
    calls.push(call.startsWith('python3 -c') ? 'python3 unpacks' : call)
    if (failing.some((text) => call.includes(text))) throw new Error(`no ${program} today`)
    if (args.includes('--version') && args.includes('pip')) {
      if (program !== working) throw new Error('No module named pip')
      return 'pip 25.0 from /usr/lib/python3/dist-packages/pip (python 3.12)\n'
    }
    if (args.includes('venv') && pip === 'in an environment') working = join(args.at(-1)!, 'bin', 'python')
    if (args[0] === '-c')
      for (const file of ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2', 'include/tensorflow/c/c_api.h'])
        write(join(args.at(-1)!, 'tensorflow', file))
    if (args.at(-1)?.startsWith('@tensorflow')) write(join(place.scratch, 'package', 'package.json'), '"4.22.0"')
    if (args.at(-1)?.startsWith('node-api')) write(join(place.scratch, 'package', 'include', 'node_api.h'))
    if (args.includes('-shared')) write(args[args.indexOf('-o') + 1]!)
    return 'packed.tgz\n'
  }
  return { calls, run }
}

const works = async () => ({ works: true, version: '2.21.0', gpu: false }) as const

/** Sets up with such programs; gives what was printed and what was called. */
async function attempt(
  { calls, run }: ReturnType<typeof programs>,
  tryBinding: Parameters<typeof stepsOf>[0]['tryBinding'] = works,
) {
  const lines: string[] = []
  const steps = stepsOf({ place, run, nodeInclude: join(folder, 'absent'), tryBinding: tryBinding! })
  const options = { place, steps, print: (line: string) => void lines.push(line.replaceAll(folder, 'DIR')) }
  return { lines, calls, options, done: setUp(options) }
}

it('asks pip, npm and the compiler in turn, and leaves no scratch', async () => {
  const { lines, calls, done } = await attempt(programs())
  await done
  expect(calls.filter((call) => !call.endsWith('--version'))).toEqual([
    'python3 -m pip download --only-binary=:all: --no-deps --dest DIR/scratch/wheels tensorflow-cpu==2.21.0',
    'python3 unpacks',
    'npm pack --silent --ignore-scripts --pack-destination DIR/scratch @tensorflow/tfjs-node@4.22.0',
    'tar -xzf DIR/scratch/packed.tgz -C DIR/scratch',
    'npm pack --silent --ignore-scripts --pack-destination DIR/scratch node-api-headers@1.5.0',
    'tar -xzf DIR/scratch/packed.tgz -C DIR/scratch',
    expect.stringMatching(/^g\+\+ -O2 .* -o DIR\/scratch\/tfjs_binding\.node /),
  ])
  expect(lines[0]).toBe('1/6 Python with pip: pip 25.0 (python 3.12)')
  expect(lines.at(-1)).toBe('6/6 one convolution: TensorFlow 2.21.0 computes on the CPU')
  expect(existsSync(place.scratch)).toBe(false)
  expect(existsSync(place.binding)).toBe(true)
})

it('does nothing twice', async () => {
  await (
    await attempt(programs())
  ).done
  const { calls, options, done } = await attempt(programs())
  await done
  expect(calls.filter((call) => !call.endsWith('--version'))).toEqual([])
  expect(await report(options)).toBe(true)
})

it('stops at what fails, says what to do, and goes on there', async () => {
  const first = await attempt(programs(['g++']))
  await expect(first.done).rejects.toThrow(
    /^haba-setup-tensorflow, step 5\/6 binding, compiled by g\+\+: expected it to succeed, got this: no g\+\+ today\. Install a C\+\+17 compiler/,
  )
  expect(await report(first.options)).toBe(false)
  const again = await attempt(programs())
  await again.done
  expect(again.calls.filter((call) => /download|npm/.test(call))).toEqual([])
})

it('gets the libraries anew, and compiles anew, for another release or a GPU', async () => {
  await (
    await attempt(programs())
  ).done
  place = placeOf(folder, 'tensorflow[and-cuda]', '2.21.0')
  const { calls, done } = await attempt(programs())
  await done
  const made = calls.filter((call) => /download|-shared|npm/.test(call))
  expect(made[0]).toBe(
    'python3 -m pip download --only-binary=:all: --dest DIR/scratch/wheels tensorflow[and-cuda]==2.21.0',
  )
  expect(made.length).toBe(2)
})

it('makes an environment where Python has no pip', async () => {
  const { calls, done } = await attempt(programs([], 'in an environment'))
  await done
  expect(calls).toContain('python3 -m venv DIR/python')
  expect(calls.find((call) => call.includes('download'))).toMatch(/^DIR\/python\/bin\/python -m pip download /)
  rmSync(join(folder, 'wheels'), { recursive: true })
  const none = await attempt(programs([], 'nowhere'))
  await expect(none.done).rejects.toThrow(
    /step 1\/6 Python with pip: .*got nothing after it was made\. Install Python 3\.10/,
  )
})

it('says why a binding does not compute', async () => {
  const { done } = await attempt(programs(), async () => ({ works: false, why: 'it ended with SIGILL' }))
  await expect(done).rejects.toThrow(/step 6\/6 one convolution: .*SIGILL\. Remove /)
})

it('lets the binding find its libraries wherever the folder goes', () => {
  expect(compilerArguments(place, '/include', 'made.node')).toContain('-Wl,-rpath,$ORIGIN/../wheels/tensorflow')
})
