import { HabaError } from '@haba/core'
import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

/** What of tfjs-node's native binding is used. */
export interface Binding {
  readonly TF_Version: string
  readonly TF_FLOAT: number
  readonly TF_INT32: number
  /** Shares the array's memory with TensorFlow until the tensor is deleted. */
  createTensor(shape: readonly number[], dtype: number, values: Float32Array | Int32Array): number
  deleteTensor(id: number): void
  /** A copy of the tensor's values. */
  tensorDataSync(id: number): Float32Array | Int32Array
  loadSavedModel(folder: string, tags: string): number
  deleteSavedModel(id: number): void
  runSavedModel(
    id: number,
    inputs: readonly number[],
    inputNames: string,
    outputNames: string,
  ): readonly { readonly id: number }[]
  isUsingGpuDevice(): boolean
}

/** Where to look for TensorFlow. */
export interface TensorflowOptions {
  /**
   * The folder that `haba-setup-tensorflow` filled.
   *
   * @default the environment variable HABA_TENSORFLOW, else `.haba/tensorflow` in the home folder, else an installed
   * `@tensorflow/tfjs-node-gpu` or `@tensorflow/tfjs-node`
   */
  readonly folder?: string
}

/** Where `haba-setup-tensorflow` puts TensorFlow unless told otherwise. */
export const usualFolder = (): string => process.env.HABA_TENSORFLOW || join(homedir(), '.haba', 'tensorflow')

/** The binding in a folder that was set up. */
export const bindingIn = (folder: string): string => join(folder, 'lib', 'tfjs_binding.node')

/** How to get TensorFlow. */
export const howToInstall =
  'Run npx haba-setup-tensorflow (Linux x64; --gpu for NVIDIA), or npm install @tensorflow/tfjs-node@4.22.0 and let its install script run.'

/** The file of the native binding, or what was looked for. */
export function findBinding({ folder }: TensorflowOptions = {}): { readonly file?: string; readonly lookedIn: string } {
  const named = folder ?? (process.env.HABA_TENSORFLOW || undefined)
  const file = bindingIn(resolve(named ?? usualFolder()))
  if (existsSync(file)) return { file, lookedIn: file }
  if (named !== undefined) return { lookedIn: resolve(named) }
  const installed = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'].map(installedBinding).find(Boolean)
  return { ...(installed && { file: installed }), lookedIn: `${usualFolder()} and the installed packages` }
}

/** The binding of a package that is installed where this program runs, if its install script got or built one. */
function installedBinding(name: string): string | undefined {
  try {
    const home = dirname(createRequire(join(process.cwd(), 'from')).resolve(`${name}/package.json`))
    const versions = readdirSync(join(home, 'lib')).filter((entry) => entry.startsWith('napi-v'))
    // The highest interface that was built; every Node we run on has version 8.
    return versions
      .map((entry) => join(home, 'lib', entry, 'tfjs_binding.node'))
      .filter((file) => existsSync(file))
      .at(-1)
  } catch {
    return undefined
  }
}

/**
 * Settings of TensorFlow, which reads them from the environment as it loads; what is set stays. Errors only in the log;
 * memory of a GPU as it is needed, not all at once; float32 means float32, as everywhere in haba, not TF32.
 */
export const environment = {
  TF_CPP_MIN_LOG_LEVEL: '2',
  TF_FORCE_GPU_ALLOW_GROWTH: 'true',
  NVIDIA_TF32_OVERRIDE: '0',
} as const

/** Loads the binding into this process, once. */
export function loadBinding(who: string, options: TensorflowOptions): Binding {
  const { file, lookedIn } = findBinding(options)
  if (file === undefined) throw new HabaError(who, `TensorFlow in ${lookedIn}`, 'none', howToInstall)
  for (const [name, value] of Object.entries(environment)) process.env[name] ??= value
  try {
    return createRequire(import.meta.url)(file) as Binding
  } catch (cause) {
    throw new HabaError(who, `a native binding that loads, ${file}`, (cause as Error).message, howToInstall, { cause })
  }
}
