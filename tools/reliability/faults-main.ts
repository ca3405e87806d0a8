/** `npm run faults`: the tests that break something on purpose, run by themselves and recorded as the table of faults. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { root } from '../packages.js'
import { record } from './record.js'

/** One fault that a test makes. */
export interface FaultResult {
  /** What kind of fault it is. */
  readonly kind: string
  /** What is tried, and what is expected of it. */
  readonly fault: string
  /** Whether that came; where it did not, what came. */
  readonly got: 'as expected' | 'not tried here' | { readonly failed: string }
}

/** Test files by the kind of fault that they make; those of the command line are below packages/cli/src. */
const kinds: Readonly<Record<string, readonly string[]>> = {
  'One thing taken for another': [
    'cli/src/identity',
    'core/src/identity',
    'cli/src/folder/made-of',
    'cli/src/recurrences',
  ],
  'Damaged files': [
    'cli/src/integrity',
    'cli/src/damaged-files',
    'core/src/tree/safetensors',
    'core/src/write-whole',
    'core/src/checked-json',
  ],
  'Numbers that are not finite': ['cli/src/faults', 'distill/src/not-finite', 'core/src/finite'],
  'Two processes on one run': ['cli/src/one-owner', 'cli/src/folder/owner'],
  'Bad input': [
    'core/src/json',
    'datasets/src/unpack',
    'datasets/src/image-folder',
    'datasets/src/npz',
    'datasets/src/mat',
    'datasets/src/idx',
    'cli/src/assemble/sizes',
  ],
  'What the system refuses': ['core/src/system-error', 'cli/src/system-errors'],
  'A received folder': ['cli/src/received'],
  'Traces and the network': ['cli/src/no-traces'],
}

interface Report {
  readonly testResults: readonly {
    readonly name: string
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[]
      readonly title: string
      readonly status: string
      readonly failureMessages: readonly string[]
    }[]
  }[]
}

const fileOf = (name: string) => `packages/${name}.test.ts`
const folder = mkdtempSync(join(tmpdir(), 'haba-faults-'))
const file = join(folder, 'report.json')
try {
  execFileSync(
    'npx',
    [
      'vitest',
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${file}`,
      ...Object.values(kinds).flat().map(fileOf),
    ],
    {
      cwd: root,
      stdio: 'inherit',
      // Tests under strace take minutes, and run where they are asked for.
      env: { ...process.env, ...(existsSync('/usr/bin/strace') && { HABA_REQUIRE_STRACE: '1' }) },
    },
  )
} catch {
  // A fault that came out otherwise: it is in the report.
  process.exitCode = 1
}
const { testResults } = JSON.parse(readFileSync(file, 'utf8')) as Report
rmSync(folder, { recursive: true })
const results = Object.entries(kinds).flatMap(([kind, names]): readonly FaultResult[] =>
  testResults
    .filter(({ name }) => names.map(fileOf).includes(relative(root, name).replaceAll('\\', '/')))
    .flatMap(({ assertionResults }) =>
      assertionResults.map(({ ancestorTitles, title, status, failureMessages }) => ({
        kind,
        fault: [...ancestorTitles, title].filter((text) => text !== '').join(' '),
        got:
          status === 'passed'
            ? 'as expected'
            : status === 'failed'
              ? { failed: failureMessages[0]?.split('\n')[0] ?? 'no message' }
              : 'not tried here',
      })),
    ),
)
await record('faults', results)
const count = (got: FaultResult['got']) => results.filter((result) => result.got === got).length
const [expected, skipped] = [count('as expected'), count('not tried here')]
console.log(
  `${results.length - skipped} faults tried, ${results.length - skipped - expected} not as expected, ${skipped} not tried here`,
)
