import * as Plot from '@observablehq/plot'
import type { Html } from './html.js'
import * as numbers from './numbers.js'
import { accent, colorOf, draw } from './plots.js'
import { ranks } from './ranks.js'
import type { ContinualCurve, CrossAccuracy, RankedNetwork } from './uses.js'

const cut = (name: string, length: number) => (name.length > length ? `${name.slice(0, length - 1)}…` : name)

/**
 * Networks by their ranks on the set and on all data; equal ranks are on the diagonal. The best is at the upper right, and the
 * best `top` on all data are marked.
 */
export function rankScatter(networks: readonly RankedNetwork[], top: number | undefined, rho: string): Html {
  const [onSet, onAll] = [ranks(networks.map(({ proxy }) => proxy)), ranks(networks.map(({ truth }) => truth))]
  const rows = networks.map(({ name, proxy, truth }, i) => ({
    x: onSet[i]!,
    y: onAll[i]!,
    own: top !== undefined && onAll[i]! <= top,
    title: `${name}: rank ${onSet[i]} on the set (${numbers.percent(proxy)}), ${onAll[i]} on all data (${numbers.percent(truth)})`,
  }))
  const last = networks.length
  const axis = { domain: [last + 0.5, 0.5], ticks: [1, ...[0.25, 0.5, 0.75, 1].map((part) => Math.round(part * last))] }
  const marked = top === undefined ? [] : [{ y1: 0.5, y2: top + 0.5 }]
  return draw(`ranks of ${last} networks on the set and on all data; rank correlation ${rho}`, {
    height: 400,
    x: { label: 'rank on the set', ...axis, tickFormat: 'd' },
    y: { label: 'rank on all data', ...axis, tickFormat: 'd' },
    marks: [
      Plot.rect(marked, { x1: last + 0.5, x2: 0.5, y1: 'y1', y2: 'y2', fill: accent, fillOpacity: 0.1 }),
      Plot.text(marked, {
        x: last + 0.5,
        y: 'y2',
        text: () => `top ${top}`,
        textAnchor: 'start',
        dx: 5,
        dy: -8,
        fill: accent,
      }),
      Plot.line([1, last], { x: (rank: number) => rank, y: (rank: number) => rank, stroke: 'var(--line)' }),
      Plot.dot(rows, {
        x: 'x',
        y: 'y',
        r: last > 200 ? 2 : 3.5,
        fill: ({ own }: { own: boolean }) => (own ? accent : 'var(--muted)'),
        fillOpacity: 0.75,
        title: 'title',
      }),
    ],
    color: { type: 'identity' },
  })
}

/** Ranks of methods for each network; lines cross if networks disagree. */
export function rankLines(accuracies: readonly CrossAccuracy[]): Html {
  const networks = [...new Set(accuracies.map(({ network }) => network))]
  const methods = [...new Set(accuracies.map(({ method }) => method))]
  const rows = networks.flatMap((network, x) => {
    const own = accuracies.filter((one) => one.network === network)
    const places = ranks(own.map(({ mean }) => mean))
    return own.map(({ method, mean, std }, i) => ({
      x,
      y: places[i]!,
      at: methods.indexOf(method),
      title: `${method} on ${network}: ${numbers.spread(mean, std)}, rank ${places[i]}`,
    }))
  })
  const names = methods.map((method) => cut(method, 26))
  const ends = methods.map((_, at) => rows.filter((row) => row.at === at).at(-1)!)
  const color = ({ at }: { readonly at: number }) => colorOf(at)
  return draw(`ranks of ${methods.join(', ')} on ${networks.join(', ')}`, {
    height: 120 + 34 * methods.length,
    marginLeft: 90,
    marginBottom: 84,
    marginRight: 24 + 6.4 * Math.max(...names.map(({ length }) => length)),
    x: {
      type: 'point',
      label: null,
      domain: networks.map((_, x) => x),
      padding: 0.25,
      // Slanted, so that long names do not overlap.
      tickRotate: -35,
      tickFormat: (x: number) => cut(networks[x]!, 14),
    },
    y: { label: 'rank', domain: [methods.length + 0.4, 0.6], ticks: methods.map((_, i) => i + 1), tickFormat: 'd' },
    marks: [
      Plot.line(rows, { x: 'x', y: 'y', z: 'at', stroke: color, strokeWidth: 2, curve: 'bump-x' }),
      Plot.dot(rows, { x: 'x', y: 'y', r: 5, fill: color, title: 'title' }),
      Plot.text(ends, {
        x: 'x',
        y: 'y',
        text: ({ at }: { at: number }) => names[at]!,
        textAnchor: 'start',
        dx: 10,
        fill: color,
      }),
    ],
    color: { type: 'identity' },
  })
}

/** Accuracy over the classes so far, one line per memory with a band of ± one standard deviation. */
export function continualLines(curves: readonly ContinualCurve[]): Html {
  const names = curves.map(({ memory }) => cut(memory, 20))
  const heights = spreadOut(
    curves.map(({ points }) => points.at(-1)!.mean),
    curves.flatMap(({ points }) => points.flatMap(({ mean, std }) => [mean - std, mean + std])),
  )
  return draw(`accuracy over classes seen, with ${curves.map(({ memory }) => memory).join(', ')}`, {
    height: 290,
    marginRight: 20 + 6.6 * Math.max(...names.map(({ length }) => length)),
    x: { label: 'classes seen', ticks: curves[0]!.points.map(({ classes }) => classes), tickFormat: 'd' },
    y: { label: 'test accuracy (%)', percent: true, grid: true, nice: true, ticks: 5 },
    marks: curves.flatMap(({ points }, at) => {
      const rows = points.map(({ classes, mean, std }) => ({ classes, mean, low: mean - std, high: mean + std }))
      const own = { x: 'classes', y: 'mean' }
      return [
        Plot.areaY(rows, { x: 'classes', y1: 'low', y2: 'high', fill: colorOf(at), fillOpacity: 0.12 }),
        Plot.lineY(rows, { ...own, stroke: colorOf(at), strokeWidth: 1.5 }),
        Plot.dot(rows, { ...own, fill: colorOf(at), r: 3 }),
        Plot.text(rows.slice(-1), {
          ...own,
          text: () => names[at]!,
          textAnchor: 'start',
          dx: 8,
          dy: heights[at]!,
          fill: colorOf(at),
        }),
      ]
    }),
  })
}

/** Offsets in pixels that keep names at the ends of lines from overlapping. */
function spreadOut(ends: readonly number[], values: readonly number[]): readonly number[] {
  // The plot is 220 pixels high; a name needs 14.
  const pixels = 220 / (Math.max(...values) - Math.min(...values) || 1)
  const moved = ends.map(() => 0)
  let free = -Infinity
  for (const i of [...ends.keys()].sort((a, b) => ends[b]! - ends[a]!)) {
    const own = -ends[i]! * pixels
    moved[i] = Math.max(0, free - own)
    free = own + moved[i] + 14
  }
  return moved
}
