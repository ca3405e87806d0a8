import { parseHTML } from 'linkedom'
import { describe, expect, it } from 'vitest'
import { demoUses } from './demo-uses.test-data.js'
import { ranks } from './ranks.js'
import { crossSection, searchSection, usesSections } from './use-sections.js'

interface Found {
  readonly textContent: string
  getAttribute(name: string): string | null
}

const parse = ({ html }: { readonly html: string }) => {
  const { document } = parseHTML(`<html><body>${html}</body></html>`) as unknown as {
    document: { querySelectorAll(selector: string): Iterable<Found> }
  }
  return {
    all: (selector: string) => [...document.querySelectorAll(selector)],
    words: (selector: string) =>
      [...document.querySelectorAll(selector)].map(({ textContent }) => textContent.replace(/\s+/g, ' ').trim()),
  }
}

describe('ranks', () => {
  it('gives the greatest 1, and equal values the mean of their ranks', () => {
    expect(ranks([0.2, 0.9, 0.5])).toEqual([3, 1, 2])
    expect(ranks([1, 1, 0])).toEqual([1.5, 1.5, 3])
  })
})

describe('searchSection', () => {
  const { search } = demoUses('this set')
  const { all, words } = parse(searchSection(search!))

  it("says Spearman's number, and marks the best by all data", () => {
    expect(words('h3')[0]).toMatch(/^Spearman's rank correlation 0.93 120 networks/)
    const dots = all('[aria-label="dot"] circle')
    expect(dots).toHaveLength(120)
    expect(dots.filter((dot) => dot.getAttribute('fill') === 'var(--accent)')).toHaveLength(20)
    expect(words('circle title')[119]).toMatch(/^ConvNetD4W96: rank \d+ on the set \(.*\), 1 on all data \(85.7 %\)$/)
    expect(words('tbody tr')).toEqual([
      'Top 5 0.41 0.36',
      'Top 10 0.52 all equal',
      'Top 20 0.60 0.55',
      'All 120 0.93 0.93',
    ])
  })

  it('puts networks that both rank alike on the diagonal, the best at the upper right', () => {
    const networks = [0.1, 0.2, 0.3].map((v, i) => ({ name: `${i}`, proxy: v, truth: v }))
    const drawn = parse(searchSection({ ...search!, networks, correlations: [{ top: 3, byTruth: 1, byProxy: 1 }] }))
    const at = drawn.all('[aria-label="dot"] circle').map((dot) => ['cx', 'cy'].map((c) => Number(dot.getAttribute(c))))
    expect(at[2]![0]).toBeGreaterThan(at[0]![0]!)
    expect(at[2]![1]).toBeLessThan(at[0]![1]!)
  })
})

describe('crossSection', () => {
  it('draws a line for each method and tells every accuracy', () => {
    const { cross } = demoUses('this set')
    const { all, words } = parse(crossSection(cross!))
    expect(all('[aria-label="line"] path')).toHaveLength(2)
    expect(words('tbody tr')).toHaveLength(2)
    expect(words('tbody tr')[0]).toMatch(/^this set \d+\.\d ± 1\.0 % \d+\.\d … \d+\.\d /)
  })

  it('draws no ranks of a single method', () => {
    const { cross } = demoUses('this set')
    const one = cross!.filter(({ method }) => method === 'this set')
    expect(parse(crossSection(one)).all('svg')).toEqual([])
  })
})

describe('usesSections', () => {
  it('keeps the names of lines that end alike apart', () => {
    const points = [1, 2].map((classes) => ({ classes, mean: 1 - classes / 10, std: 0 }))
    const curves = ['random', 'herding'].map((memory) => ({ memory, floats: 1, points }))
    const { all } = parse(usesSections({ continual: [{ steps: 2, summary: '', curves }] }))
    const labels = all('g[aria-label="text"]').filter(({ textContent }) => /random|herding/.test(textContent))
    const height = (label: Found) => Number(/,\s*([\d.]+)\)/.exec(label.getAttribute('transform')!)![1])
    expect(height(labels[1]!) - height(labels[0]!)).toBeCloseTo(14, 1)
  })

  it('shows what is there, and draws nothing that is no number', () => {
    const { all, words } = parse(usesSections(demoUses('this set')))
    expect(words('h2')).toEqual(['Other networks', 'Classes that arrive in steps', 'Architecture search'])
    expect(all('svg')).toHaveLength(4)
    for (const path of all('svg path')) expect(path.getAttribute('d')).not.toMatch(/NaN|Infinity/)
    expect(parse(usesSections({})).words('section')).toEqual([])
  })
})
