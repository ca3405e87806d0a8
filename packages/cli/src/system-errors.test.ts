import { execFileSync, spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { HabaError } from '@haba/core'
import { describe, expect, it } from 'vitest'
import { owning } from './folder/owner.js'

const linux = process.platform === 'linux'
/** Whether this machine lets a process mount a file system of its own. */
const mounts = linux && spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0
const source = (path: string) => pathToFileURL(join(import.meta.dirname, path)).href

/** Runs a program in a shell, with what it needs to import our sources. */
function shell(command: string, program: string): string {
  const node = `${process.execPath} --import tsx --conditions=@haba/source --input-type=module`
  return execFileSync('sh', ['-c', `${command.replace('NODE', `${node} -e "$PROGRAM"`)} 2>&1`], {
    env: { ...process.env, PROGRAM: program },
    encoding: 'utf8',
  })
}

/** Writes a checkpoint, then a larger one that does not fit, and tells what is read after it. */
const twoCheckpoints = (folder: string, values: number) => `
  const { saveTree, loadTree } = await import('${source('../../distill/src/checkpoint.ts')}')
  const { tensor } = await import('${source('../../core/src/index.ts')}')
  const file = '${folder}/checkpoint.safetensors'
  await saveTree(file, { step: 1, set: tensor(new Float32Array(10), [10]) })
  const big = { step: 2, set: tensor(new Float32Array(${values}), [${values}]) }
  try { await saveTree(file, big) } catch (error) { console.log(error.message) }
  console.log('step', (await loadTree(file)).step)`

describe('errors of the system', () => {
  it.runIf(mounts)('a full disk leaves the last checkpoint, and says so', () => {
    const mount = 'mount -t tmpfs -o size=200k tmpfs /mnt'
    const said = shell(`unshare -m sh -c '${mount} && exec "$@"' sh NODE`, twoCheckpoints('/mnt', 100_000))
    expect(said).toMatch(
      /\/mnt\/checkpoint\.safetensors: expected to write it, got no space left on the disk \(ENOSPC\)\. A file that was there before is unchanged\. Free some space\.\nstep 1/,
    )
  })

  it.runIf(mounts)('a read-only disk is named', () => {
    const mount = 'mount -t tmpfs tmpfs /mnt && mount -o remount,ro /mnt'
    const program = `
      const { writeWhole } = await import('${source('../../core/src/files/index.ts')}')
      try { await writeWhole('/mnt/a.json', 'x') } catch (error) { console.log(error.name, error.message) }`
    expect(shell(`unshare -m sh -c '${mount} && exec "$@"' sh NODE`, program)).toMatch(
      /HabaError \/mnt\/a\.json: expected to write it, got a read-only file system \(EROFS\)/,
    )
  })

  it.runIf(linux)('too many open files are named, and nothing half-written stays', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'haba-files-'))
    const program = `
      const { closeSync, openSync } = await import('node:fs')
      const { writeWhole } = await import('${source('../../core/src/files/index.ts')}')
      const held = []
      try { for (;;) held.push(openSync('/dev/null')) } catch {}
      let text = 'written'
      try { await writeWhole('${folder}/a.json', 'x') } catch (error) { text = error.name + ' ' + error.message }
      // Printing may need a file, too.
      held.forEach((file) => closeSync(file))
      console.log(text)`
    expect(shell('ulimit -n 200; NODE', program)).toMatch(
      /HabaError .*a\.json: expected to write it, got too many open files \(EMFILE\)\. A file that was there before is unchanged\. Raise the limit/,
    )
  })

  it.runIf(linux)('out of memory leaves the last checkpoint', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'haba-memory-'))
    const file = join(folder, 'checkpoint.safetensors')
    const program = `${twoCheckpoints(folder, 10)}
      const state = await loadTree(file)
      const held = []
      for (;;) { held.push(new Array(1e6).fill(held.length)); await saveTree(file, { ...state, step: held.length }) }`
    const before = '--import tsx --conditions=@haba/source --max-old-space-size=150 --input-type=module'
    const ended = spawnSync(process.execPath, [...before.split(' '), '-e', program], { encoding: 'utf8' })
    expect(ended.stderr).toContain('heap out of memory')
    const { loadTree } = await import('@haba/distill/files')
    const { step } = await loadTree<{ step: number }>(file)
    expect(step).toBeGreaterThanOrEqual(1)
  })

  it('say how to go on with a run whose folder vanished', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'haba-gone-'))
    const vanish = async () => {
      await rm(folder, { recursive: true })
      await readFile(join(folder, 'config.json'))
    }
    const error = await owning(folder, 'haba distill', vanish).catch((thrown: unknown) => thrown)
    expect(HabaError.is(error)).toBe(true)
    expect(String(error)).toContain(`${join(folder, 'config.json')}: expected to use it, got no such file or folder`)
    expect(String(error)).toContain(`resume with \`haba distill --resume ${folder}\``)
  })

  it('leave no lock where the lock of another cannot be read', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'haba-lock-'))
    await mkdir(folder, { recursive: true })
    const other = '.owner-00000000-0000-4000-8000-000000000000.json'
    await writeFile(join(folder, other), '{"pid":"x"}')
    const attempt = () => owning(folder, 'haba show', async () => {})
    for (let n = 0; n < 2; n++)
      await expect(attempt()).rejects.toThrow(`owner ${join(folder, other)}: expected command to be`)
    await rm(join(folder, other))
    await attempt()
  })
})
