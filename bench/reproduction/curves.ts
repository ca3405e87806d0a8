import { markdownTable } from '../markdown-table.js'
import type { CellResult } from './result.js'

const [width, height, margin] = [720, 400, 48] as const
const colours = ['#4269d0', '#efb118', '#ff725c', '#6cc5b0', '#3ca951', '#ff8ab7', '#a463f2', '#97bbf5', '#9c6b4e']

const percent = (part: number) => (100 * part).toFixed(1)
const count = (n: number) => n.toLocaleString('en-US')

/** The curve of one cell, what it was measured on, and how it goes on. */
export function curveTable(result: CellResult): string {
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
    ...(iterations.done < iterations.of ? [`It goes on with \`npm run reproduction -- ${name}\`.`] : []),
  ]
  const head = ['iterations', 'test accuracy', 'networks', ...(learned ? ['learned rate'] : [])]
  return [`\n### ${name}\n`, markdownTable(head, lines), '', facts.join(' '), ''].join('\n')
}

/** Accuracy by iterations of every cell, on a logarithmic axis, as SVG. */
export function chart(results: readonly CellResult[]): string {
  const steps = results.flatMap(({ curve }) => curve.map(({ iterations }) => iterations))
  const [least, most] = [Math.min(...steps), Math.max(...steps)]
  const along = (n: number) => (least === most ? 0.5 : Math.log(n / least) / Math.log(most / least))
  const x = (n: number) => (margin + along(n) * (width - 4 * margin)).toFixed(1)
  const y = (part: number) => (height - margin - part * (height - 2 * margin)).toFixed(1)
  const ticks = [...new Set([least, ...powers(least, most), most])]
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    ...[0, 20, 40, 60, 80, 100].map(
      (tick) =>
        `<path d="M${margin} ${y(tick / 100)}H${width - 3 * margin}" stroke="#ddd"/><text x="${margin - 6}" y="${y(tick / 100)}" text-anchor="end" dy="4">${tick} %</text>`,
    ),
    ...ticks.map((tick) => `<text x="${x(tick)}" y="${height - margin + 18}" text-anchor="middle">${tick}</text>`),
    `<text x="${width / 2}" y="${height - 10}" text-anchor="middle">iterations</text>`,
    ...results.map(({ name, curve }, i) => {
      const colour = colours[i % colours.length]
      const at = curve.map((point) => `${x(point.iterations)},${y(point.mean)}`)
      const dots = at.map((place) => place.split(',')).map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="2.5"/>`)
      return (
        `<g fill="${colour}"><polyline points="${at.join(' ')}" fill="none" stroke="${colour}" stroke-width="1.5"/>` +
        `${dots.join('')}<text x="${width - 3 * margin + 10}" y="${margin + 16 * i}">${name}</text></g>`
      )
    }),
    '</svg>',
  ].join('\n')}\n`
}

/** Powers of ten well between two numbers. */
const powers = (least: number, most: number): readonly number[] =>
  [10, 100, 1000, 10_000].filter((power) => power > 1.5 * least && power < most / 1.5)
