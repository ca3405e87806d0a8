import type { Engine } from '@haba/core'
import { beforeAll, describe } from 'vitest'
import { testCalls } from '../engine/call-suite.js'
import { elementwiseCases } from '../engine/elementwise-cases.js'
import { layoutCases } from '../engine/layout-cases.js'
import { linearCases } from '../engine/linear-cases.js'
import { testLinearize } from '../engine/linearize-suite.js'
import { testOp } from '../engine/op-suite.js'

/** How an engine's tests are named. */
export interface TestEngineOptions {
  /** Distinguishes the tests of several files. @default 'of this file' */
  readonly name?: string
}

/**
 * Registers the tests that every engine must pass: every op against plain loops in double precision, with its first and
 * second derivatives against finite differences; how functions are called; prepared derivatives. Nothing runs outside
 * the engine, so no tfjs backend is needed beside what the engine brings.
 */
export function testEngine(
  make: () => Engine | Promise<Engine>,
  { name = 'of this file' }: TestEngineOptions = {},
): void {
  describe(`engine: ${name}`, () => {
    let made: Engine
    const engine = () => made
    beforeAll(async () => {
      made = await make()
    })
    const groups = { 'element-wise': elementwiseCases, layout: layoutCases, linear: linearCases }
    describe.each(Object.entries(groups))('%s ops', (_, cases) => {
      for (const one of cases) testOp(engine, one)
    })
    describe('calls', () => testCalls(engine))
    describe('linearize', () => testLinearize(engine))
  })
}
