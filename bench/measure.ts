import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { buildSync } from 'esbuild'
import { HabaError } from '@haba/core'
import { root } from '../tools/packages.js'
import { startChild, type Child } from './child.js'
import { availableBytes } from './machine.js'
import { compare, median, type Check } from './statistics.js'
import type { Row } from './table.js'

/** What a program says once it has compiled and warmed up. */
interface Ready {
  readonly versions: Readonly<Record<string, string>>
  readonly check: Check
}

/** What ours says besides. */
export interface OurReady extends Ready {
  readonly engine: string
  readonly differentiation: string
  readonly compileMilliseconds: number
  readonly sessions: number
  /** Operators of all functions' graphs. */
  readonly operators: number
}

/** One timed round. */
interface Round {
  readonly milliseconds: number
  readonly loss: number
}

/** One round of ours. */
export interface OurRound extends Round {
  /** Inside onnxruntime. */
  readonly runMilliseconds: number
  /** Should be 0: what is compiled belongs to the warm-up. */
  readonly compileMilliseconds: number
}

/** One side of a comparison; times are of one unit of the row. */
interface Side<R extends Round = Round> {
  readonly medianMilliseconds: number
  readonly peakBytes: number | undefined
  readonly rounds: readonly R[]
}

/** A measured row. */
export interface Measured {
  readonly ours: Side<OurRound> & Omit<OurReady, 'versions' | 'check'> & { readonly outsideShare: number }
  readonly peer?: Side
  /** Relative differences of what both sides computed from the same numbers. */
  readonly differences?: Check
  readonly versions: Readonly<Record<string, string>>
  readonly ratio?: number
  readonly memoryRatio?: number
}

/** How a row is measured. */
export interface MeasureOptions {
  readonly row: Row
  readonly rounds: number
  readonly threads: number
  /** A Python with torch; without one ours is timed alone. */
  readonly python?: string
}

/** A pause in which the side that was timed last puts its threads to sleep. */
const pause = () => setTimeout(300)

/**
 * Starts ours, which writes the numbers that both sides begin with into `folder`: as plain JavaScript, as people run it;
 * a loader of TypeScript in the process would count to its memory.
 */
export function startOurs(row: Row, threads: number, folder: string, profile?: string): Child {
  const outdir = join(root, 'node_modules/.cache/haba-bench')
  buildSync({
    entryPoints: [join(root, 'bench/ours.ts')],
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    conditions: ['@haba/source'],
    external: ['onnxruntime-node', '@tensorflow/tfjs-core'],
    // What finds the root by its own place still does.
    define: { 'import.meta.dirname': JSON.stringify(join(root, 'tools')) },
    logLevel: 'error',
  })
  const task = JSON.stringify({ row, threads, folder, profile })
  // As the command line does (packages/cli/src/main.ts).
  return startChild(
    `${row.name}, ours`,
    process.execPath,
    ['--no-incremental-marking', join(outdir, 'ours.mjs'), task],
    root,
  )
}

/** Times the two sides of a row in turn, each in a process of its own that is warm before the first round. */
export async function measure({ row, rounds, threads, python }: MeasureOptions): Promise<Measured> {
  const free = availableBytes()
  if (free < row.gigabytes * 1e9)
    throw new HabaError(
      row.name,
      `${row.gigabytes} GB of free memory for both processes`,
      `${(free / 1e9).toFixed(1)} GB`,
      'Not run. Free some, or use a larger machine.',
    )
  const folder = await mkdtemp(join(tmpdir(), 'haba-bench-'))
  const children: Child[] = []
  const started = (child: Child) => {
    children.push(child)
    return child
  }
  try {
    const ours = started(startOurs(row, threads, folder))
    const ready = await ours.answer<OurReady>()
    const peer =
      python === undefined
        ? undefined
        : started(
            startChild(
              `${row.name}, PyTorch`,
              python,
              ['-B', 'peer.py', JSON.stringify({ row, threads, folder })],
              join(root, 'bench/peers'),
            ),
          )
    const theirs = await peer?.answer<Ready>()
    const differences = theirs && compare(row.name, ready.check, theirs.check)

    const [our, their]: [OurRound[], Round[]] = [[], []]
    for (let i = 0; i < rounds; i++) {
      our.push(await timed<OurRound>(row, ours))
      if (peer) their.push(await timed<Round>(row, peer))
    }
    const mine = side(row, our, ours)
    const other = peer && side(row, their, peer)
    const { versions, check: _, ...about } = ready
    return {
      ours: { ...mine, ...about, outsideShare: median(our.map((r) => 1 - r.runMilliseconds / r.milliseconds)) },
      versions: { ...versions, ...theirs?.versions },
      ...(differences && { differences }),
      ...(other && { peer: other, ratio: other.medianMilliseconds / mine.medianMilliseconds }),
      ...(other?.peakBytes && mine.peakBytes && { memoryRatio: mine.peakBytes / other.peakBytes }),
    }
  } finally {
    await Promise.all(children.map((child) => child.stop()))
    await rm(folder, { recursive: true })
  }
}

async function timed<R extends Round>({ name }: Row, child: Child): Promise<R> {
  await pause()
  const round = await child.answer<R>({ ask: 'round' })
  if (!Number.isFinite(round.loss))
    throw new HabaError(name, 'a finite loss', `${round.loss}`, 'Time nothing that has diverged: lower a rate.')
  return round
}

const side = <R extends Round>({ repeat }: Row, rounds: readonly R[], child: Child): Side<R> => ({
  medianMilliseconds: median(rounds.map(({ milliseconds }) => milliseconds / repeat)),
  peakBytes: child.peakBytes(),
  rounds,
})
