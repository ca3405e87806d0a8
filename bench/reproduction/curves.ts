import * as Plot from '@observablehq/plot'
import { markdownTable } from '../markdown-table.js'
import { svgPlot } from '../svg-plot.js'
import type { CellResult } from './result.js'

const percent = (part: number) => (100 * part).toFixed(1)
const count = (n: number) => n.toLocaleString('en-US')

/**
 * The curve of one cell, what it was measured on, and how it goes on.
 *
 * @param kept the folder that its run folder lies in, where that came with the repository
 */
export function curveTable(result: CellResult, kept: string | undefined): string {
  const { name, curve, iterations, data, experts, machine, versions, seconds, seed, key, configHash, protocol } = result
  const random = result.real['random']
  const learned = curve.some(({ rate }) => rate !== undefined)
  const lines = curve.map((point) => [
    count(point.iterations),
    `${percent(point.mean)} ± ${percent(point.std)}`,
    `${point.accuracies.length}`,
    ...(learned ? [point.rate?.toPrecision(4) ?? ''] : []),
  ])
  const facts = [
    `Data: ${data.note}.`,
    ...(experts ? [`Experts: ${experts.count} of ${experts.epochs} epochs (batches: ${experts.transform}).`] : []),
    ...(random
      ? [`Random real images of ${count(random.floats)} floats: ${percent(random.mean)} ± ${percent(random.std)}.`]
      : []),
    `Protocol ${String(protocol['name'])} (${String(protocol['hash'])}), ${String(protocol['epochs'])} epochs.`,
    `Seed ${seed}, key ${key}, configuration ${configHash}, onnxruntime ${versions['onnxruntime-node'] ?? 'unknown'}, Node ${versions['node'] ?? 'unknown'}.`,
    `${machine.cpu}, ${machine.threads} threads: ${(seconds / 3600).toFixed(1)} hours with tests.`,
    ...(iterations.done < iterations.of && kept
      ? [`It goes on with \`npm run reproduction -- ${name} --runs ${kept}\`.`]
      : []),
  ]
  const head = ['iterations', 'test accuracy', 'networks', ...(learned ? ['learned rate'] : [])]
  return [`\n### ${name}\n`, markdownTable(head, lines), '', facts.join(' '), ''].join('\n')
}

/** 1, 2, 5, 10, 20, 50, … within what is drawn: where curves were tested can lie too close for labels. */
function roundNumbers(drawn: readonly number[]): number[] {
  const [least, most] = [Math.min(...drawn), Math.max(...drawn)]
  const decades = Array.from({ length: Math.floor(Math.log10(most)) + 1 }, (_, power) => 10 ** power)
  return decades.flatMap((ten) => [ten, 2 * ten, 5 * ten]).filter((n) => n >= least && n <= most)
}

/** Accuracy by iterations of the cells of one data set with its deviation, on a logarithmic axis, as SVG. */
export function chart(results: readonly CellResult[]): string {
  const points = results.flatMap(({ name, curve }) =>
    curve.map(({ iterations, mean, std }) => ({ name, iterations, mean, low: mean - std, high: mean + std })),
  )
  const one = { x: 'iterations', stroke: 'name' }
  return svgPlot({
    width: 720,
    height: 400,
    marginLeft: 48,
    marginRight: 130,
    x: { type: 'log', label: 'iterations' },
    y: { label: 'test accuracy (%)', percent: true, grid: true, nice: true },
    marks: [
      // As `text`, since a logarithmic axis drops some labels that it is given a format for.
      Plot.axisX(roundNumbers(points.map(({ iterations }) => iterations)), { text: count }),
      Plot.ruleX(points, { ...one, y1: 'low', y2: 'high', strokeOpacity: 0.5 }),
      Plot.lineY(points, { ...one, y: 'mean' }),
      Plot.dot(points, { ...one, y: 'mean', fill: 'name', r: 2.5 }),
      Plot.text(
        points,
        Plot.selectLast({
          ...one,
          stroke: null,
          fill: 'name',
          y: 'mean',
          z: 'name',
          text: 'name',
          textAnchor: 'start',
          dx: 8,
        }),
      ),
    ],
  })
}
