import { openEngine } from './assemble/parts.js'
import { beginRun } from './folder/begin-run.js'
import { distillSet } from './folder/distill-set.js'
import { drawRun } from './folder/draw-run.js'
import type { Result } from './folder/result.js'
import type { RunOptions } from './folder/run.js'
import { measureRun } from './measure/measure-run.js'

/**
 * Distills, measures and compares, and writes all of it into a run folder. Whatever the folder already holds is not done
 * again, so that an interrupted run goes on to the same bytes.
 */
export async function runDistillation(options: RunOptions): Promise<Result> {
  const { folder, read, progress } = options
  const { engine, close } = await openEngine(read, progress.say)
  try {
    const run = await beginRun(options, engine)
    const set = await distillSet(run)
    await measureRun(run, set)
    return await drawRun(folder, read, engine, run.parts.data.preprocessing)
  } finally {
    await close()
  }
}
