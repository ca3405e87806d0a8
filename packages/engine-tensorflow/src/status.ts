import { findBinding, howToInstall, type TensorflowOptions } from './binding.js'
import { probe } from './probe.js'

/** Whether TensorFlow works here. */
export type TensorflowStatus =
  | {
      readonly works: true
      /** The native binding that is used. */
      readonly file: string
      /** TensorFlow's own version. */
      readonly version: string
      readonly gpu: boolean
    }
  | {
      readonly works: false
      /** Why not. */
      readonly why: string
      /** What to do about it. */
      readonly todo: string
    }

/** Finds TensorFlow, loads it in another process and lets it compute. Never throws. */
export async function tensorflowStatus(options: TensorflowOptions = {}): Promise<TensorflowStatus> {
  const { file, lookedIn } = findBinding(options)
  if (file === undefined) return { works: false, why: `no TensorFlow in ${lookedIn}`, todo: howToInstall }
  const probed = await probe(file)
  return probed.works ? { file, ...probed } : { ...probed, why: `${file}: ${probed.why}`, todo: howToInstall }
}
