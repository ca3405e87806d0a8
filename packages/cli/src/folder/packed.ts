import { fromSafetensors, HabaError, parseCheckedJson, toSafetensors, type ReadJsonOptions } from '@haba/core'
import { readWhole } from '@haba/core/files'
import type { Tensor } from '@tensorflow/tfjs-core'
import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { checks } from './file-schemas.js'
import type { Result } from './result.js'
import { FILES } from './run-folder.js'

/**
 * A run is a folder, or one file that `haba pack` wrote: safetensors with the tensors of its set, the matrices of its preprocessing as
 * `preprocessing.NAME`, and the run's JSON files as metadata under their names.
 */
const format = 'haba-run-1'
const matrices = 'preprocessing.'
const texts = [FILES.config, FILES.identity, 'set.json', FILES.result] as const

/** Whether a tensor of a packed run belongs to its preprocessing. */
export const isMatrix = (name: string): boolean => name.startsWith(matrices)

/** Whether a run is one file. */
export const isPacked = (run: string): boolean => statSync(run, { throwIfNoEntry: false })?.isFile() ?? false

/** The name of a run's file in errors. */
export const nameIn = (run: string, name: string): string => (isPacked(run) ? `${run}, ${name}` : join(run, name))

/** The path of a file that is derived from a run: in its folder, or beside its packed file. */
export const besideRun = (run: string, name: string): string =>
  isPacked(run) ? `${run.replace(/\.safetensors$/, '')}.${name}` : join(run, name)

/** The folder that paths in a run's configuration are relative to. */
export const folderOf = (run: string): string => (isPacked(run) ? dirname(run) : run)

/** Reads a file of a run; undefined if the run does not have it. @throws HabaError if a packed run is damaged, or not one */
export async function readRunFile(run: string, name: string): Promise<Uint8Array | undefined> {
  if (isPacked(run)) return (await unpacked(run)).get(name)
  const file = join(run, name)
  return existsSync(file) ? await readWhole(file) : undefined
}

/** Reads a JSON file of a run and verifies its checksum; undefined if the run does not have it. */
export async function readRunJson<T>(run: string, name: string, options: ReadJsonOptions): Promise<T | undefined> {
  const bytes = await readRunFile(run, name)
  return bytes && parseCheckedJson<T>(nameIn(run, name), new TextDecoder().decode(bytes), options)
}

/** The measurements of a run so far; undefined before its first row. */
export const readResult = (run: string): Promise<Result | undefined> =>
  readRunJson<Result>(run, FILES.result, { kind: 'result', check: checks.result })

/** Packs the files of a run into one. @param config the configuration, with paths relative to the packed file */
export async function packed(run: string, config: string): Promise<Uint8Array> {
  const kept = texts.map(async (name) => [name, await readRunFile(run, name)] as const)
  const found = (await Promise.all(kept)).flatMap(([name, bytes]) =>
    bytes ? [[name, name === FILES.config ? config : new TextDecoder().decode(bytes)] as const] : [],
  )
  const tensors = async (name: string, prefix = '') =>
    entriesOf(nameIn(run, name), await readRunFile(run, name)).map(([key, one]) => [prefix + key, one] as const)
  const all = [...(await tensors('set.safetensors')), ...(await tensors(FILES.preprocessing, matrices))]
  return toSafetensors(new Map(all), { haba: format, ...Object.fromEntries(found) })
}

const entriesOf = (file: string, bytes: Uint8Array | undefined): (readonly [string, Tensor | Uint8Array])[] => {
  if (!bytes) return []
  const { tensors, bytes: coded } = fromSafetensors(file, bytes)
  return [...tensors, ...coded]
}

async function unpacked(file: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const bytes = await readWhole(file)
  const { tensors, bytes: coded, metadata } = fromSafetensors(file, bytes, 'packed run')
  if (metadata.haba !== format)
    throw new HabaError(
      `run ${file}`,
      `a file that \`haba pack\` wrote, with metadata "haba": "${format}"`,
      metadata.haba === undefined ? 'other safetensors' : `"${metadata.haba}"`,
      'Name a run folder, or a file that `haba pack` made of one.',
    )
  const all: readonly (readonly [string, Tensor | Uint8Array])[] = [...tensors, ...coded]
  const own = all.filter(([name]) => !isMatrix(name))
  const others = all.flatMap(([name, one]) => (isMatrix(name) ? [[name.slice(matrices.length), one] as const] : []))
  return new Map([
    ...texts.flatMap((name) =>
      metadata[name] === undefined ? [] : [[name, new TextEncoder().encode(metadata[name])] as const],
    ),
    ['set.safetensors', toSafetensors(new Map(own))],
    ...(others.length > 0 ? [[FILES.preprocessing, toSafetensors(new Map(others))] as const] : []),
  ])
}
