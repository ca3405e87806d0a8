import { HabaError } from '@haba/core'
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { overridden, type Instead } from '../config/overridden.js'
import { readConfig, type ReadConfig, type Trust } from '../config/read-config.js'
import { preprocessingName } from '../config/old-names.js'
import { withPaths } from '../config/write-config.js'
import { checks } from './file-schemas.js'
import type { SetManifest } from '@haba/distill/files'
import type { About } from './finished-run.js'
import { checkParts, distilledParts, madeOfIn, type MadeOf } from './made-of.js'
import { checkHeld } from './resumable.js'
import { folderOf, isPacked, nameIn, readRunFile, readRunJson } from './packed.js'
import { configOf, FILES } from './run-folder.js'

/** Options of `readRun`. */
export interface ReadRunOptions extends Instead, Pick<Trust, 'allowPlugin' | 'set'> {
  /** Called with messages for the user. */
  say(text: string): void
  /** Whether data will be read. @default true */
  readonly reads?: boolean
}

/** The content of `identity.json`. */
interface RunIdentity {
  readonly parts: MadeOf
  /** The configuration that the run started or was last resumed with. */
  readonly config: unknown
}

/**
 * Reads the configuration of an untrusted run folder. Nothing in the folder is executed, and paths outside of it are shown
 * before they are read.
 *
 * @throws HabaError if the folder contains links, names plugins that are not allowed, has another configuration than it
 * started with, or a set of another run
 */
export async function readRun(folder: string, options: ReadRunOptions): Promise<ReadConfig> {
  const { say, allowPlugin = [], set = [], reads = true, ...instead } = options
  if (!isPacked(folder)) {
    configOf(folder)
    await checkLinks(folder)
  }
  const received = await readRunConfig(folder, { allowPlugin, set, received: true })
  sayIgnored(received, say)
  sayRenamed(received, say)
  const begun = await readRunIdentity(folder)
  if (begun) checkHeld(folder, received, begun.config)
  const read = overridden(received, instead)
  if (reads) sayOutside(read, folderOf(folder), say)
  return { ...read, run: { folder, ...(await madeOf(folder, begun, say)) } }
}

async function readRunConfig(run: string, trust: Trust): Promise<ReadConfig> {
  if (!isPacked(run)) return await readConfig(configOf(run), trust)
  const bytes = await readRunFile(run, FILES.config)
  if (!bytes) throw new HabaError(`run ${run}`, `a ${FILES.config}`, 'none', 'Pack the run again.')
  return await readConfig(run, { ...trust, text: new TextDecoder().decode(bytes) })
}

/** What a run recorded when it started; undefined for runs of earlier versions. */
async function readRunIdentity(folder: string): Promise<RunIdentity | undefined> {
  const written = await readRunJson<{ readonly identity?: unknown; readonly config?: unknown }>(
    folder,
    FILES.identity,
    { kind: 'run' },
  )
  const parts = written && madeOfIn(nameIn(folder, FILES.identity), written)
  return parts && { parts, config: written.config }
}

type Manifest = Pick<SetManifest, 'layout'> & { readonly about: About }

async function madeOf(folder: string, begun: RunIdentity | undefined, say: ReadRunOptions['say']) {
  const manifest = nameIn(folder, 'set.json')
  const written = await readRunJson<Manifest>(folder, 'set.json', { kind: 'set', check: checks.manifest })
  const ofBegun = begun && { made: begun.parts, preprocessing: begun.parts.preprocessing }
  const old = 'an earlier version of haba wrote it and did not record its images'
  if (!written) {
    if (!begun && existsSync(join(folder, FILES.checkpoint))) say(`${folder}: ${old}, so they cannot be checked.`)
    return ofBegun ?? { made: {} }
  }
  const { about, layout } = written
  const preprocessing = { ...about.preprocessing, name: preprocessingName(about.preprocessing.name) }
  const made = madeOfIn(manifest, about)
  // Check sizes before anything of that size is allocated.
  const claims = made && [
    ['about.preprocessing.name', made.preprocessing.name, preprocessing.name],
    ['layout.image', `[${made.image}]`, `[${layout.image}]`],
    ['layout.classes', made.classes.length, layout.classes],
  ]
  const wrong = claims?.find(([, expected, got]) => expected !== got)
  if (wrong)
    throw new HabaError(
      `set ${manifest}`,
      `${wrong[0]} ${wrong[1]}, as its identity says`,
      `${wrong[2]}`,
      'Restore this file from a copy, or distill again.',
    )
  if (made && begun) {
    const todo = 'The set belongs to another run: copy both from one run, or distill again.'
    checkParts(`${manifest}, of the run in this folder`, begun.parts, made, [...distilledParts, 'experts', 'run'], todo)
  }
  if (made) return { made, preprocessing }
  if (ofBegun) return ofBegun
  say(`${folder}: ${old}, so only its classes and preprocessing are checked.`)
  const { file: _, ...settings } = preprocessing.settings
  const known: Partial<MadeOf> = {
    classes: about.data.classNames,
    preprocessing: { name: preprocessing.name, settings },
  }
  return { made: known, preprocessing }
}

/** Refuses links, because haba could write through them to files outside of the folder. */
async function checkLinks(folder: string): Promise<void> {
  const links = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) =>
    entry.isSymbolicLink(),
  )
  if (links.length === 0) return
  throw new HabaError(
    `run ${folder}`,
    'files and folders only',
    `links: ${links.map(({ parentPath, name }) => relative(folder, join(parentPath, name))).join(', ')}`,
    'haba could write through them: replace them with the files they point to, or delete them.',
  )
}

/** Says which options of an untrusted configuration are ignored. */
function sayIgnored({ ignored, file }: ReadConfig, say: ReadRunOptions['say']): void {
  if (ignored.length > 0)
    say(
      `${file}: ignored ${ignored.join(', ')}, because the configuration of a run folder must not choose where haba writes or which programs it runs.`,
    )
}

/** Says which names of a configuration are from earlier versions. */
export function sayRenamed({ renamed, file }: ReadConfig, say: ReadRunOptions['say']): void {
  const changes = renamed.map(({ path, from, to }) => `${path}: ${from} is now ${to}`)
  if (changes.length > 0)
    say(`${file} has names of an earlier version (\`haba config migrate\` updates them): ${changes.join('; ')}`)
}

/** Reads a configuration file. If it belongs to a run folder, paths outside of the folder are shown. */
export async function readShown(file: string, trust: Trust, say: ReadRunOptions['say']): Promise<ReadConfig> {
  const read = await readConfig(file, trust)
  sayRenamed(read, say)
  if (!read.received) return read
  sayIgnored(read, say)
  sayOutside(read, dirname(file), say)
  return read
}

/** Shows the paths outside of the folder that the configuration of a run folder names. */
export function sayOutside({ config, tables, file }: ReadConfig, folder: string, say: ReadRunOptions['say']): void {
  const paths = new Set<string>()
  withPaths(config, tables, (path) => {
    paths.add(path)
    return path
  })
  // `experts.folder` is only written, by `haba experts`; plugins are allowed one by one.
  for (const path of [config.experts?.folder, ...config.plugins])
    if (path !== undefined && path !== config.objective.experts) paths.delete(path)
  const own = `${resolve(folder)}${sep}`
  const outside = [...paths].filter((path) => !path.startsWith(own))
  if (outside.length > 0) say(`${file} reads files outside of its folder: ${outside.join(', ')}`)
}
