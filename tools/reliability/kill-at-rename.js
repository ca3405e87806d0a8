// Loaded before a program by `--import`. With KILL_AT=3:before or 3:after, kills the process at its third rename of a file, as kill -9
// does; with COUNT_TO=FILE, writes how many renames there were. Renames are the moments at which a file gets its name.
import { writeFileSync } from 'node:fs'
import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

const { KILL_AT, COUNT_TO } = process.env
// Worker processes are not meant.
delete process.env.KILL_AT
delete process.env.COUNT_TO
const [at, side] = KILL_AT?.split(':') ?? []
const rename = fs.rename
let count = 0

function die() {
  process.kill(process.pid, 'SIGKILL')
  // The signal may arrive a moment later: nothing else may happen in between.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}

fs.rename = async (from, to) => {
  const due = ++count === Number(at)
  if (due && side === 'before') die()
  await rename(from, to)
  if (due) die()
}
syncBuiltinESMExports()

if (COUNT_TO !== undefined) process.on('exit', () => writeFileSync(COUNT_TO, String(count)))
