import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'
import { encodeModel } from '../lower/onnx-model.js'
import { quietEnvironment } from './onnxruntime.js'
import { providers, type Provider } from '../provider.js'

/** Whether a provider runs on this machine; if not, why, and what would help. */
export type OnnxStatus =
  { readonly works: true } | { readonly works: false; readonly why: string; readonly todo: string }

/** One operator, whose result is known: -x. */
const model = () => {
  const port = (name: string) => ({ name, shape: [2], type: 'float32' as const })
  const neg = { type: 'Neg', domain: '', inputs: ['x'], output: 'y', attributes: {} }
  return encodeModel({ operators: [neg], initializers: [], inputs: [port('x')], outputs: [port('y')] })
}

const program = `
  const [path, provider, model] = process.argv.slice(1)
  const { InferenceSession, Tensor } = require(path)
  const options = { executionProviders: [provider], logSeverityLevel: 4 }
  InferenceSession.create(Buffer.from(model, 'base64'), options)
    .then((session) => session.run({ x: new Tensor('float32', [1, -2], [2]) }))
    .then(({ y }) => y.data.join() === '-1,2' ? '' : 'a wrong result, ' + y.data, (error) => error.message)
    .then((why) => process.stdout.write(JSON.stringify({ why })))
`

/**
 * Runs one operator on a provider, in a process of its own: drivers that are missing or broken write to the terminal and
 * may end the process.
 *
 * @example
 * const status = await onnxStatus('webgpu')
 * if (!status.works) console.log(status.why, status.todo)
 */
export async function onnxStatus(provider: Provider): Promise<OnnxStatus> {
  const path = createRequire(import.meta.url).resolve('onnxruntime-node')
  const args = ['-e', program, path, provider, Buffer.from(model()).toString('base64')]
  const options = { timeout: 60_000, env: { ...process.env, ...quietEnvironment() } }
  const why = await promisify(execFile)(process.execPath, args, options).then(
    ({ stdout }) => (JSON.parse(stdout.slice(stdout.lastIndexOf('{"why"'))) as { readonly why: string }).why,
    ({ signal, code }: { readonly signal?: string; readonly code?: number }) =>
      `onnxruntime ended with ${signal ?? `code ${code}`}`,
  )
  return why === '' ? { works: true } : { works: false, why: shortened(why), todo: providers[provider].install }
}

/** The last sentence: before it, onnxruntime names its own source file and function. */
const shortened = (why: string): string =>
  why
    .trim()
    .split('\n')
    .at(-1)!
    .replace(/^.* was false\. /, '')
