/** Tables of the figures in `bench/results`: times for the README, limits for `docs/benchmark.md`. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../tools/packages.js'
import { markdownTable } from './markdown-table.js'
import { table } from './table.js'

interface Side {
  /** Median over the rounds. */
  readonly medianMilliseconds: number
  readonly peakBytes: number
}

interface Result {
  readonly ours: Side
  readonly peer: Side
  /** PyTorch's time divided by ours. */
  readonly ratio: number
  /** Our peak memory divided by PyTorch's. */
  readonly memoryRatio: number
}

/** What each row times, in a few words. */
const titles: Readonly<Record<string, string>> = {
  'sgd-256': 'a plain training step, batch 256',
  'student-10': 'gradient of one student step, batch 10',
  'student-100': 'gradient of one student step, batch 100',
  'trajectory-10x50': 'gradient through 50 student steps, batch 10',
  'trajectory-100x30': 'gradient through 30 student steps, batch 100',
  'haba-iteration-1': 'HaBa with MTT, 1 basis a class: one iteration',
  'haba-iteration-10': 'HaBa with MTT, 10 bases a class: one iteration',
  'dm-iteration': 'DM, 10 images a class: one iteration',
  'dm-haba-iteration': 'HaBa with DM, 10 bases a class: one iteration',
  'dsa-iteration': 'DSA, 10 images a class: one outer iteration',
  evaluate: 'training and testing a network: 102 epochs',
}

const readResult = (name: string): Result =>
  JSON.parse(readFileSync(join(root, 'bench/results', `${name}.json`), 'utf8')) as Result

/** The benchmark as the README shows it. */
export function resultsTable(): string {
  const head = ['what is timed', 'haba', 'PyTorch', 'times as fast', 'peak memory: haba', 'PyTorch']
  const lines = table.map(({ name }) => {
    const { ours, peer, ratio } = readResult(name)
    const times = [seconds(ours.medianMilliseconds), seconds(peer.medianMilliseconds)]
    return [titles[name] ?? name, ...times, ratio.toFixed(2), gigabytes(ours.peakBytes), gigabytes(peer.peakBytes)]
  })
  return markdownTable(head, lines)
}

/** What each row must reach, as `docs/benchmark.md` shows it. */
export function limitsTable(): string {
  const head = ['row', 'times as fast', 'must', 'aim', 'memory: haba ÷ PyTorch', 'at most']
  const lines = table.map(({ name, must, aim, memoryAtMost }) => {
    const { ratio, memoryRatio } = readResult(name)
    return [name, ratio.toFixed(2), `${must}`, `${aim}`, memoryRatio.toFixed(2), memoryAtMost?.toFixed(2) ?? '']
  })
  return markdownTable(head, lines)
}

const seconds = (milliseconds: number): string =>
  milliseconds < 1000 ? `${milliseconds.toFixed(0)} ms` : `${(milliseconds / 1000).toPrecision(3)} s`

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(2)} GB`
