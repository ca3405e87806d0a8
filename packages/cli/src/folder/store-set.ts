import { labelBytes, type AnyParameterization } from '@haba/core'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { CodecSettings } from '../config/config.js'
import type { ChosenCheckpoint } from '../measure/choose-checkpoint.js'
import { codecFor } from '../assemble/coded-set.js'
import { readManifest } from './draw-run.js'
import { aboutOf, allLearned, readRunSet, writeRunSet } from './finished-run.js'
import type { SavedPreprocessing } from './preprocessing-file.js'
import type { Run } from './run.js'

interface ToStore {
  readonly folder: string
  readonly parameterization: AnyParameterization
  readonly chosen: ChosenCheckpoint
  readonly preprocessing: SavedPreprocessing
  readonly decoder: Readonly<Record<string, unknown>>
  /** How to code the set. @default as in the configuration */
  readonly settings?: CodecSettings | undefined
}

/** Writes a set, coded if the configuration has a codec. The returned state has the decoded values of the file. */
export async function storeSet(
  run: Run,
  { folder, parameterization, chosen, preprocessing, decoder, settings = run.parts.read.config.codec }: ToStore,
) {
  const { parts, progress, signal, todo } = run
  const { state, measure } = chosen
  const { protocol } = measure
  const own = { folder, parts, parameterization, state, protocol, preprocessing, decoder }
  if (!settings) return { state, storage: await writeRunSet(own) }
  if (!(await isCoded(folder, state.step, parts.read.config.codec!))) {
    const otherBytes = labelBytes(parameterization.layout) + 4 * allLearned(state).length
    const shared = { parts, parameterization, otherBytes, progress, signal, todo }
    await writeRunSet({ ...own, codec: await codecFor({ ...shared, set: state.set, settings }) })
  }
  const { params, manifest } = await readRunSet(folder, parameterization)
  return { state: { ...state, set: params }, storage: manifest.storage }
}

/** Whether a folder already holds the coded set of a run after this number of steps. */
async function isCoded(folder: string, steps: number, settings: CodecSettings): Promise<boolean> {
  if (!existsSync(join(folder, 'set.json'))) return false
  const manifest = await readManifest(folder)
  const { codec } = manifest
  const of = aboutOf(manifest)
  return codec !== undefined && of.steps === steps && isDeepStrictEqual(of.codec, settings)
}
