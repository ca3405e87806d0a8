import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { owning } from './owner.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haba-owner-'))
})

const owners = async () => (await readdir(folder)).filter((name) => name.startsWith('.owner'))

/** What this process writes about itself. */
const mine = () =>
  owning(folder, 'haba distill', async () => {
    const [name] = await owners()
    return JSON.parse(await readFile(join(folder, name!), 'utf8')) as Record<string, string | number>
  })

/** Whether this process gets the folder after another owner left this file. */
async function afterOwner(other: object | ''): Promise<string> {
  await writeFile(join(folder, '.owner-00000000.json'), other === '' ? '' : JSON.stringify(other))
  const tried = owning(folder, 'haba show', async () => (await owners()).length)
  return tried.then(String, (error: Error) => error.message)
}

describe('owning', () => {
  it('holds a file as long as the work, also if that fails', async () => {
    expect(await mine()).toMatchObject({ command: 'haba distill', pid: process.pid })
    const failed = owning(folder, 'haba show', () => Promise.reject(new Error('on purpose')))
    await expect(failed).rejects.toThrow('on purpose')
    expect(await readdir(folder)).toEqual([])
  })

  it('is had by one at a time, and by somebody, however many begin together', async () => {
    for (let round = 0; round < 10; round++) {
      let [inside, most] = [0, 0]
      const tried = Array.from({ length: 6 }, (_, i) =>
        owning(folder, `haba ${i}`, async () => {
          most = Math.max(most, ++inside)
          await new Promise((resolve) => setTimeout(resolve, 500))
          inside--
        }),
      )
      const ended = await Promise.allSettled(tried)
      expect(most).toBe(1)
      expect(ended.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      expect(await readdir(folder)).toEqual([])
    }
  })

  it('refuses by name of the owner', async () => {
    const self = await mine()
    expect(await afterOwner(self)).toBe(
      `run ${folder}: expected no other process that writes into it, got \`haba distill\`, process ${process.pid} on ` +
        `${self.host} since ${self.since}. Wait for it, or end it with \`kill ${process.pid}\`.`,
    )
    expect(await owners()).toEqual(['.owner-00000000.json'])
  })

  it('removes what a killed owner was writing an hour ago, and leaves what another may be writing now', async () => {
    const [old, young] = ['.owner-1.json.2.partial', '.owner-3.json.4.partial']
    for (const name of [old, young]) await writeFile(join(folder, name), '')
    const before = new Date(Date.now() - 2 * 3_600_000)
    await utimes(join(folder, old), before, before)
    await owning(folder, 'haba show', () => Promise.resolve())
    expect(await owners()).toEqual([young])
  })

  it('takes over from a process that ended', async () => {
    const child = spawn(process.execPath, ['-e', ''])
    await new Promise((resolve) => child.on('exit', resolve))
    expect(await afterOwner({ ...(await mine()), pid: child.pid! })).toBe('1')
    expect(await owners()).toEqual([])
  })

  it.skipIf(process.platform === 'win32')('takes over from one whose id another process has now', async () => {
    expect(await afterOwner({ ...(await mine()), started: '1' })).toBe('1')
  })

  it.skipIf(process.platform !== 'linux')('takes over from one that nobody has waited for', async () => {
    // `exec sleep` replaces the shell before its child ends, and sleep never reaps the child.
    const parent = spawn('sh', ['-c', 'sleep 1 & echo $!; exec sleep 60'])
    const zombie = Number(await new Promise((resolve) => parent.stdout.once('data', resolve)))
    await expect.poll(() => readFile(`/proc/${zombie}/stat`, 'utf8'), { timeout: 30_000 }).toMatch(/\) Z /)
    const stat = await readFile(`/proc/${zombie}/stat`, 'utf8')
    const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
    expect(await afterOwner({ ...(await mine()), pid: zombie, started })).toBe('1')
    parent.kill()
  })

  it('takes over after a reboot, and from a file that a crash left empty', async () => {
    expect(await afterOwner({ ...(await mine()), boot: 'another' })).toBe('1')
    expect(await afterOwner('')).toBe('1')
  })

  it('refuses where it cannot look: another host, machine of the same name, or container', async () => {
    const self = await mine()
    for (const elsewhere of [{ host: 'far' }, { machine: 'another', boot: 'another' }, { namespace: 'pid:[1]' }]) {
      const said = await afterOwner({ ...self, pid: 2 ** 22 + 1, ...elsewhere })
      expect(said).toContain('It may run on another host or in another container. If it has ended, delete ')
      expect(said).toContain('.owner-00000000.json')
    }
  })
})
