import { directEngine, HabaError, type Engine, type PluginTable } from '@haba/core'
import { onnxEngine } from '@haba/engine-onnx'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** An engine, and how to free what it holds. */
export interface OpenEngine {
  readonly engine: Engine
  close(): Promise<void>
}

/** Where functions may run. */
export const engines: PluginTable<object, OpenEngine> = {
  onnx: {
    summary: 'compiled, in onnxruntime on the CPU',
    options: {
      type: 'object',
      properties: { threads: { type: 'integer', minimum: 1, description: '(default: all cores)' } },
    },
    make: ({ threads }) => {
      const engine = onnxEngine(threads === undefined ? {} : { threads: threads as number })
      return { engine, close: () => engine.close() }
    },
  },
  direct: {
    summary: 'op by op on a tfjs backend, to compare with; slow',
    options: {
      type: 'object',
      properties: { backend: { type: 'string', default: 'cpu', description: 'of @tensorflow/tfjs-backend-…' } },
    },
    make: async ({ backend }) => {
      await importBackend(`@tensorflow/tfjs-backend-${backend as string}`)
      return { engine: await directEngine({ backend: backend as string }), close: async () => {} }
    },
  },
}

/** Backends are not part of this package: they are taken from where haba is used. */
async function importBackend(name: string): Promise<void> {
  try {
    await import(pathToFileURL(createRequire(join(process.cwd(), 'from')).resolve(name)).href)
  } catch (cause) {
    throw new HabaError('engine direct', `the package ${name}`, 'none', `Run npm install ${name}.`, { cause })
  }
}
