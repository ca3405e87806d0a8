import { HabaError } from '@haba/core'
import { mkdir, rm } from 'node:fs/promises'
import type { Place } from './place.js'
import type { Step } from './steps.js'

const who = 'haba-setup-tensorflow'

/** Options of `setUp` and of `report`. */
export interface SetUpOptions {
  readonly place: Place
  readonly steps: readonly Step[]
  print(line: string): void
}

/**
 * Makes what is not there yet, step by step; what a run that was cut off made is kept.
 *
 * @throws HabaError at the first step that fails, with what to do
 */
export async function setUp({ place, steps, print }: SetUpOptions): Promise<void> {
  await mkdir(place.scratch, { recursive: true })
  for (const [i, step] of steps.entries()) {
    const title = `${i + 1}/${steps.length} ${step.name}`
    const before = await step.found()
    if (before !== undefined) {
      print(`${title}: ${before}`)
      continue
    }
    print(`${title} …`)
    const start = performance.now()
    const failed = await step.make().then(
      () => undefined,
      (cause: Error) => cause,
    )
    const after = failed ? undefined : await step.found()
    if (after === undefined)
      throw new HabaError(
        `${who}, step ${title}`,
        'it to succeed',
        failed ? `this: ${failed.message}` : 'nothing after it was made',
        step.todo,
        { cause: failed },
      )
    print(`    ${after} (${((performance.now() - start) / 1000).toFixed(0)} s)`)
  }
  await rm(place.scratch, { recursive: true, force: true })
}

/** Says of every step whether it is done, and changes nothing. @returns whether all are */
export async function report({ steps, print }: SetUpOptions): Promise<boolean> {
  let all = true
  for (const [i, step] of steps.entries()) {
    const found = await step.found()
    print(`${i + 1}/${steps.length} ${step.name}: ${found ?? 'not yet'}`)
    all &&= found !== undefined
  }
  return all
}
