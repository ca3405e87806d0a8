import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { HabaError } from '@haba/core'

/** A process that stays loaded and answers one question at a time, each side one line of JSON. */
export interface Child {
  /** Its next answer; without a question, the one it gives by itself when it is ready. */
  answer<T>(question?: object): Promise<T>
  /** The most memory it ever held, where the system tells. */
  peakBytes(): number | undefined
  stop(): Promise<void>
}

/** Starts a program; its errors are shown as they come. */
export function startChild(who: string, command: string, args: readonly string[], cwd: string): Child {
  const child = spawn(command, args, { cwd, stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async answer<T>(question?: object) {
      if (question) child.stdin.write(`${JSON.stringify(question)}\n`)
      const { value, done } = await lines.next()
      if (done === true)
        throw new HabaError(
          who,
          'an answer',
          `the end of the program (${child.exitCode ?? child.signalCode})`,
          'Its error is above.',
        )
      return JSON.parse(value) as T
    },
    peakBytes: () => peakOf(child.pid),
    async stop() {
      child.stdin.end()
      await ended
    },
  }
}

function peakOf(pid: number | undefined): number | undefined {
  try {
    const kilobytes = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024
  } catch {
    return undefined
  }
}
