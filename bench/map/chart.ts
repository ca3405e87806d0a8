import * as Plot from '@observablehq/plot'
import { svgPlot } from '../svg-plot.js'

/** A mean accuracy at so many bytes. */
export interface ChartPoint {
  readonly bytes: number
  readonly mean: number
  /** Half the width of the 95 % interval. */
  readonly half: number
  readonly series: string
  /** Real images are gray and dashed. */
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

const tableau = ['#4e79a7', '#f28e2c', '#e15759', '#76b7b2', '#59a14f', '#b6992d', '#af7aa1', '#9c755f']
const grays = ['#333333', '#666666', '#8c8c8c', '#aaaaaa']

/** A color for each series, in their order: gray for real images. */
function colorsOf(points: readonly ChartPoint[]): (point: ChartPoint) => string {
  const series = (real: boolean) => [...new Set(points.filter((one) => one.real === real).map((one) => one.series))]
  const [sets, real] = [series(false), series(true)]
  return (point) => {
    const [own, colors] = point.real ? [real, grays] : [sets, tableau]
    return colors[own.indexOf(point.series) % colors.length]!
  }
}

/** Accuracy by bytes, one line a series, bytes on a logarithmic axis, as SVG. */
export function bytesChart(title: string, points: readonly ChartPoint[]): string {
  const sorted = [...points].sort((a, b) => a.bytes - b.bytes)
  const accuracies = points.flatMap(({ mean, half }) => [mean - half, mean + half])
  const span = Math.max(...accuracies) - Math.min(...accuracies)
  const last = new Map(sorted.map((point) => [point.series, point]))
  const [least, most] = [sorted[0]!.bytes, sorted.at(-1)!.bytes]
  const color = colorsOf(points)
  const one = { x: 'bytes', stroke: color }
  return svgPlot({
    ariaLabel: title,
    width: 760,
    height: 440,
    marginLeft: 52,
    marginRight: 190,
    marginBottom: 40,
    x: { type: 'log', label: 'stored bytes', domain: [0.95 * least, 1.05 * most] },
    y: { label: 'test accuracy (%)', percent: true, grid: true, nice: true },
    color: { type: 'identity' },
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
      Plot.dot(sorted, { ...one, y: 'mean', fill: color, r: 3 }),
      Plot.text(labels([...last.values()], span / 22), {
        x: () => most,
        y: 'at',
        text: 'series',
        fill: color,
        textAnchor: 'start',
        dx: 12,
      }),
    ],
  })
}
