import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'
import { trusted, type Html } from './html.js'

/** More points than this are drawn as means with a band from minimum to maximum. */
const bins = 240

const { document } = parseHTML('<!doctype html><html></html>')
/** The color of this run. */
export const accent = 'var(--accent)'

/** Draws with the page's CSS colors, so that one drawing works in the light and the dark theme. */
export function draw(label: string, options: Plot.PlotOptions): Html {
  const drawing: { readonly outerHTML: string; setAttribute(name: string, value: string): void } = Plot.plot({
    document,
    width: 460,
    marginLeft: 52,
    marginTop: 28,
    marginBottom: 42,
    style: { fontSize: '12px' },
    ...options,
  })
  drawing.setAttribute('role', 'img')
  drawing.setAttribute('aria-label', label)
  return trusted(drawing.outerHTML)
}

export interface CurveOptions {
  readonly name: string
  /** In ascending order of `step`; at least one. */
  readonly points: readonly { readonly step: number; readonly value: number }[]
}

/** One number over the steps of a run; logarithmic if it spans more than a factor of 30. */
export function curve({ name, points }: CurveOptions): Html {
  const values = points.map((point) => point.value)
  const least = values.reduce((a, b) => Math.min(a, b))
  const greatest = values.reduce((a, b) => Math.max(a, b))
  const log = least > 0 && greatest / least > 30
  const many = points.length > bins
  const extremes = { x: 'step', y1: 'value', y2: 'value', thresholds: bins }
  const band = Plot.binX({ y1: 'min', y2: 'max' }, extremes)
  const means = { x: 'step', y: 'value', thresholds: bins }
  const line = many ? Plot.binX({ y: 'mean' }, means) : { x: 'step', y: 'value' }
  return draw(`${name} over ${points.length} steps, from ${values[0]} to ${values.at(-1)}`, {
    height: 250,
    x: { label: 'step', nice: true },
    y: { label: name, grid: true, nice: true, ...(log ? decades(least, greatest) : { ticks: 5 }) },
    marks: [
      many ? Plot.areaY(points, { ...band, fill: accent, fillOpacity: 0.2 }) : null,
      Plot.lineY(points, { ...line, stroke: accent, strokeWidth: 1.5 }),
      points.length === 1 ? Plot.dot(points, { ...line, fill: accent }) : null,
    ],
  })
}

/** A logarithmic axis with ticks only at powers of ten. */
function decades(least: number, greatest: number): Plot.ScaleOptions {
  const from = Math.floor(Math.log10(least))
  const length = Math.ceil(Math.log10(greatest)) - from + 1
  return { type: 'log', ticks: Array.from({ length }, (_, at) => 10 ** (from + at)), tickFormat: '~g' }
}

/** Accuracy over the steps of a run: dots with bars of ± one standard deviation. */
export function accuracyPoints(
  points: readonly { readonly step: number; readonly mean: number; readonly std: number }[],
): Html {
  const rows = points.map(({ step, mean, std }) => ({ step, mean, low: mean - std, high: mean + std }))
  return draw(`test accuracy at ${points.length} steps`, {
    height: 250,
    x: { label: 'step', nice: true },
    y: { label: 'test accuracy (%)', percent: true, grid: true, nice: true, ticks: 5 },
    marks: [
      Plot.lineY(rows, { x: 'step', y: 'mean', stroke: accent, strokeOpacity: 0.5 }),
      Plot.ruleX(rows, { x: 'step', y1: 'low', y2: 'high', stroke: accent, strokeWidth: 1.5 }),
      Plot.dot(rows, { x: 'step', y: 'mean', fill: accent, r: 3.5 }),
    ],
  })
}

/** Accuracies side by side: dots with bars of ± one standard deviation, this run's in color. */
export function accuracyRanges(
  accuracies: readonly { readonly name: string; readonly mean: number; readonly std: number; readonly own: boolean }[],
): Html {
  const rows = accuracies.map(({ name, mean, std, own }, at) => ({
    at,
    name: name.length > 28 ? `${name.slice(0, 27)}…` : name,
    mean,
    low: mean - std,
    high: mean + std,
    color: own ? accent : 'var(--muted)',
  }))
  return draw(accuracies.map(({ name, mean }) => `${name} ${(100 * mean).toFixed(1)} %`).join(', '), {
    height: 46 + 30 * rows.length,
    marginLeft: 16 + 6.6 * Math.max(...rows.map((row) => row.name.length)),
    marginTop: 8,
    x: { label: 'test accuracy (%)', percent: true, grid: true, nice: true, zero: true, ticks: 6 },
    y: {
      type: 'band',
      label: null,
      tickSize: 0,
      tickFormat: (at: number) => rows[at]?.name ?? '',
      domain: rows.map((row) => row.at),
    },
    marks: [
      Plot.ruleY(rows, { y: 'at', x1: 'low', x2: 'high', stroke: 'color', strokeWidth: 2 }),
      Plot.dot(rows, { y: 'at', x: 'mean', fill: 'color', r: 4.5 }),
    ],
    color: { type: 'identity' },
  })
}

/** The page's color for a run of several. */
export const colorOf = (at: number) => `var(--run-${at % 6})`

/** One number over the steps of several runs, with the name of each at the end of its line. */
export function curves({
  name,
  runs,
}: {
  readonly name: string
  readonly runs: readonly { readonly name: string; readonly at: number; readonly points: CurveOptions['points'] }[]
}): Html {
  const values = runs.flatMap(({ points }) => points.map(({ value }) => value))
  const [least, greatest] = [Math.min(...values), Math.max(...values)]
  const log = least > 0 && greatest / least > 30
  return draw(`${name} of ${runs.map((run) => run.name).join(', ')}`, {
    height: 270,
    marginRight: 90,
    x: { label: 'step', nice: true },
    y: { label: name, grid: true, nice: true, ...(log ? decades(least, greatest) : { ticks: 5 }) },
    marks: runs.flatMap(({ name: run, at, points }) => {
      const line = { x: 'step', y: 'value', stroke: colorOf(at), strokeWidth: 1.5 }
      const means = { ...line, thresholds: bins }
      return [
        Plot.lineY(points, points.length > bins ? Plot.binX({ y: 'mean' }, means) : line),
        Plot.text(points.slice(-1), {
          x: 'step',
          y: 'value',
          text: () => (run.length > 14 ? `${run.slice(0, 13)}…` : run),
          textAnchor: 'start',
          dx: 6,
          fill: colorOf(at),
        }),
      ]
    }),
  })
}

/** Bytes of each run by part, as bars on one scale. */
export function budgetBars(
  runs: readonly {
    readonly name: string
    readonly parts: readonly { readonly name: string; readonly bytes: number }[]
  }[],
): Html {
  const rows = runs.flatMap(({ name, parts }, at) =>
    parts.map((part) => ({ at, part: part.name, bytes: part.bytes, title: `${name}: ${part.name} ${part.bytes}` })),
  )
  return draw(runs.map(({ name, parts }) => `${name} ${parts.reduce((sum, p) => sum + p.bytes, 0)} bytes`).join(', '), {
    height: 46 + 34 * runs.length,
    marginLeft: 16 + 6.6 * Math.max(...runs.map(({ name }) => Math.min(28, name.length))),
    marginTop: 8,
    x: { label: 'stored bytes', grid: true, nice: true, ticks: 5, tickFormat: '~s' },
    y: {
      type: 'band',
      label: null,
      tickSize: 0,
      padding: 0.25,
      tickFormat: (at: number) => runs[at]!.name.slice(0, 28),
      domain: runs.map((_, at) => at),
    },
    marks: [
      Plot.barX(rows, {
        y: 'at',
        x: 'bytes',
        fill: accent,
        fillOpacity: 0.75,
        stroke: 'var(--paper)',
        strokeWidth: 1.5,
        title: 'title',
      }),
    ],
  })
}
