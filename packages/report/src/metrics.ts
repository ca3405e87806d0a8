import { HabaError, parseJson } from '@haba/core'

/** Measurements of one step: finite numbers by name. */
export interface Metrics {
  /** Step number, from 1. */
  readonly step: number
  readonly [name: string]: number
}

/** One line of a metrics file, with its newline: JSON with `step` first, then `loss`, then the rest by name. */
export function metricsLine(metrics: Metrics): string {
  const names = Object.keys(metrics).sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
  const broken = names.find((name) => !Number.isFinite(metrics[name]))
  if (broken !== undefined)
    throw new HabaError(
      'metricsLine',
      'finite numbers',
      `${broken} ${metrics[broken]} at step ${metrics.step}`,
      'The run has diverged: lower its learning rates, or leave this number out.',
    )
  return `${JSON.stringify(Object.fromEntries(names.map((name) => [name, metrics[name]])))}\n`
}

const rank = (name: string) => (name === 'step' ? 0 : name === 'loss' ? 1 : 2)

/**
 * Reads a metrics file. A partial last line, which an interrupted run leaves, is ignored; any other broken line is an error
 * that names it. If a resumed run logged a step again, the last line counts.
 *
 * @param who the source of the text, for errors, such as its file
 * @throws HabaError naming the line
 */
export function readMetrics(text: string, who = 'readMetrics'): readonly Metrics[] {
  const lines = text.split('\n')
  const steps = new Map<number, Metrics>()
  lines.forEach((line, at) => {
    if (line.trim() === '') return
    const value = parse(line)
    if (isMetrics(value)) steps.set(value.step, value)
    else if (value !== undefined || at < lines.length - 1)
      throw new HabaError(
        who,
        'a JSON object of finite numbers with a step on every line',
        `line ${at + 1}: ${line.length > 60 ? `${line.slice(0, 60)}…` : line}`,
        'Remove this line, or restore the file from the run that wrote it.',
      )
  })
  return [...steps.values()].sort((a, b) => a.step - b.step)
}

/** `undefined` if the line is not JSON. */
function parse(line: string): unknown {
  try {
    return parseJson(line)
  } catch {
    return undefined
  }
}

function isMetrics(value: unknown): value is Metrics {
  return typeof value === 'object' && value !== null && 'step' in value && Object.values(value).every(Number.isFinite)
}
