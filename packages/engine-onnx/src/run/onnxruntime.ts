import { HabaError } from '@haba/core'
import { createRequire } from 'node:module'
import { isMainThread } from 'node:worker_threads'
import type * as Onnxruntime from 'onnxruntime-node'

/**
 * The environment for onnxruntime: without telemetry, unless the user has set the variable. With telemetry, onnxruntime
 * 1.30 calls a server of its maker and writes a database into the user's cache.
 */
export const quietEnvironment = () => ({ [TELEMETRY]: process.env[TELEMETRY] || '1' })

const TELEMETRY = 'ORT_DISABLE_TELEMETRY'

let loaded: typeof Onnxruntime | undefined

/**
 * Returns onnxruntime, loaded at the first call, after its telemetry is switched off. An import would come before that: it
 * is the first thing of every bundle.
 *
 * @throws HabaError in a worker thread that started without the setting: its `process.env` is a copy, and onnxruntime reads
 * the environment of the process
 */
export function onnxruntime(): typeof Onnxruntime {
  return (loaded ??= load())
}

function load(): typeof Onnxruntime {
  if (!isMainThread && !process.env[TELEMETRY])
    throw new HabaError(
      'onnxEngine',
      `${TELEMETRY} in the environment of a worker thread`,
      'none: onnxruntime would send telemetry',
      `Start the process with ${TELEMETRY}=1, or set process.env.${TELEMETRY} = '1' in the main thread before the worker starts.`,
    )
  Object.assign(process.env, quietEnvironment())
  return createRequire(import.meta.url)('onnxruntime-node') as typeof Onnxruntime
}
