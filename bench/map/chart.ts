import * as Plot from '@observablehq/plot'
import { svgPlot } from '../svg-plot.js'

/** A mean accuracy at so many bytes. */
export interface ChartPoint {
  readonly bytes: number
  readonly mean: number
  /** Half the width of the 95 % interval. */
  readonly half: number
  readonly series: string
  /** Real images are dashed. */
  readonly real: boolean
}

const kilobytes = (bytes: number) => `${(bytes / 1000).toLocaleString('en-US', { maximumFractionDigits: 0 })} kB`

/** 1, 2 and 5 times the powers of ten within what is drawn, and the ends. */
function ticks(points: readonly ChartPoint[]): readonly number[] {
  const bytes = points.map((point) => point.bytes)
  const [least, most] = [Math.min(...bytes), Math.max(...bytes)]
  const decades = Array.from({ length: 10 }, (_, power) => 10 ** power).flatMap((ten) => [ten, 2 * ten, 5 * ten])
  const inside = decades.filter((tick) => tick >= least && tick <= most)
  return inside.length > 0 ? inside : [Math.round(least)]
}

/** Labels at the ends of lines, moved apart so that none covers another: `[series, accuracy]`, the highest first. */
function labels(ends: readonly ChartPoint[], apart: number): readonly (ChartPoint & { readonly at: number })[] {
  let above = Infinity
  return [...ends]
    .sort((a, b) => b.mean - a.mean)
    .map((end) => {
      above = Math.min(end.mean, above - apart)
      return { ...end, at: above }
    })
}

/** Accuracy by bytes, one line a series, bytes on a logarithmic axis, as SVG. */
export function bytesChart(title: string, points: readonly ChartPoint[]): string {
  const sorted = [...points].sort((a, b) => a.bytes - b.bytes)
  const accuracies = points.flatMap(({ mean, half }) => [mean - half, mean + half])
  const span = Math.max(...accuracies) - Math.min(...accuracies)
  const last = new Map(sorted.map((point) => [point.series, point]))
  const most = Math.max(...points.map(({ bytes }) => bytes))
  const one = { x: 'bytes', stroke: 'series' }
  return svgPlot({
    ariaLabel: title,
    width: 760,
    height: 440,
    marginLeft: 52,
    marginRight: 190,
    marginBottom: 40,
    x: { type: 'log', label: 'stored bytes', nice: true },
    y: { label: 'test accuracy (%)', percent: true, grid: true, nice: true },
    color: { scheme: 'tableau10' },
    marks: [
      Plot.axisX(ticks(points), { text: kilobytes }),
      Plot.ruleX(sorted, {
        ...one,
        y1: ({ mean, half }: ChartPoint) => mean - half,
        y2: ({ mean, half }: ChartPoint) => mean + half,
        strokeOpacity: 0.5,
      }),
      ...[false, true].map((real) =>
        Plot.lineY(
          sorted.filter((point) => point.real === real),
          { ...one, y: 'mean', z: 'series', ...(real && { strokeDasharray: '4 3' }) },
        ),
      ),
      Plot.dot(sorted, { ...one, y: 'mean', fill: 'series', r: 3 }),
      Plot.text(labels([...last.values()], span / 22), {
        x: () => most,
        y: 'at',
        text: 'series',
        fill: 'series',
        textAnchor: 'start',
        dx: 12,
      }),
    ],
  })
}
