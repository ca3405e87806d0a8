import { directEngine, HabaError, type Engine, type PluginTable } from '@haba/core'
import { count, entry, Type } from '@haba/core/options'
import { onnxEngine, onnxStatus, type Provider } from '@haba/engine-onnx'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** An engine, and how to free what it holds. */
export interface OpenEngine {
  readonly engine: Engine
  close(): Promise<void>
}

/** What runs where another engine was asked for that cannot be had. */
export const defaultEngine = 'onnx-cpu'

const onnxOn = (provider: Provider, summary: string) =>
  entry({
    summary,
    options: Type.Object({ threads: Type.Optional(count('(default: all cores)')) }),
    make: async (options): Promise<OpenEngine> => {
      const status = provider === 'cpu' ? ({ works: true } as const) : await onnxStatus(provider)
      if (!status.works)
        throw new HabaError(`engine onnx-${provider}`, `onnxruntime to run on ${provider}`, status.why, status.todo)
      const engine = onnxEngine({ provider, ...options })
      return { engine, close: () => engine.close() }
    },
  })

const directOn = (backend: string, summary: string) => ({
  summary,
  options: Type.Object({}),
  make: () => openDirect(backend),
})

/** Where functions may run; each says as it is made whether it can be had here. */
export const engines: PluginTable<object, OpenEngine> = {
  onnx: onnxOn('cpu', 'the default, by its short name'),
  'onnx-cpu': onnxOn('cpu', 'compiled, in onnxruntime on the CPU'),
  'onnx-webgpu': onnxOn('webgpu', 'the same on a GPU through WebGPU'),
  'onnx-cuda': onnxOn('cuda', 'the same on an NVIDIA GPU'),
  tensorflow: entry({
    summary: 'compiled, in TensorFlow on the CPU or an NVIDIA GPU',
    options: Type.Object({
      folder: Type.Optional(
        Type.String({ format: 'path', description: 'what haba-setup-tensorflow filled (default: its own)' }),
      ),
    }),
    make: async (options) => {
      const { tensorflowEngine } = await import('@haba/engine-tensorflow')
      const engine = await tensorflowEngine(options)
      return { engine, close: () => engine.close() }
    },
  }),
  'direct-wasm': directOn('wasm', 'op by op in WebAssembly, by tfjs; to compare with'),
  'direct-cpu': directOn('cpu', 'op by op in JavaScript, by tfjs; to compare with, very slow'),
  'direct-webgpu': directOn('webgpu', 'op by op on a GPU, by tfjs'),
  direct: entry({
    summary: 'op by op on any tfjs backend',
    options: Type.Object({
      // A name only: a path would run a file of anybody's.
      backend: Type.String({
        pattern: '^[a-z0-9-]+$',
        default: 'cpu',
        description: 'of @tensorflow/tfjs-backend-…',
      }),
    }),
    make: ({ backend }) => openDirect(backend),
  }),
}

async function openDirect(backend: string): Promise<OpenEngine> {
  const who = `engine direct-${backend}`
  if (backend === 'webgpu' && !('gpu' in (globalThis.navigator ?? {})))
    throw new HabaError(who, 'a process with navigator.gpu', 'none', 'Browsers have it; in Node use onnx-webgpu.')
  await importBackend(who, `@tensorflow/tfjs-backend-${backend}`)
  return { engine: await directEngine({ backend }), close: async () => {} }
}

/** Backends are not part of this package: they are taken from where haba is used. */
async function importBackend(who: string, name: string): Promise<void> {
  try {
    await import(pathToFileURL(createRequire(join(process.cwd(), 'from')).resolve(name)).href)
  } catch (cause) {
    throw new HabaError(who, `the package ${name}`, 'none', `Run npm install ${name}.`, { cause })
  }
}
