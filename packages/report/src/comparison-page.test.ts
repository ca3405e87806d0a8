import { parseHTML } from 'linkedom'
import { describe, expect, it } from 'vitest'
import { comparability, comparisonPage, type ComparedRun } from './comparison-page.js'

const run = (name: string, floats: number, protocol = 'dsa, 200 epochs'): ComparedRun => ({
  name,
  summary: 'made up',
  protocol,
  mean: 0.8,
  std: 0.01,
  networks: 3,
  fullData: { mean: 0.9, note: 'each image seen once' },
  storage: { parts: [{ name: 'images', floats, bytes: 4 * floats }], floats, bits: 32 * floats, bytes: 4 * floats },
  metrics: [
    { step: 1, loss: 2 },
    { step: 2, loss: 1 },
  ],
  gallery: { slots: [] },
})

describe('comparability', () => {
  it('says how far budgets are apart, by hand: 1 250 is a quarter more than 1 000', () => {
    expect(comparability([run('a', 1250), run('b', 1000)])).toBe(
      'Budgets differ: a stores 5,000 bytes, 1,000 (25.0\u00a0%) more than b with 4,000.',
    )
    expect(comparability([run('a', 1000), run('b', 1000)])).toBe('Equal budgets: 4,000 stored bytes each.')
  })

  it('names protocols that differ', () => {
    expect(comparability([run('a', 1), run('b', 1, 'dc')])).toContain('Protocols differ: dsa, 200 epochs; dc.')
  })
})

describe('comparisonPage', () => {
  const page = comparisonPage({ title: 'Two', runs: [run('first', 1250), { ...run('second', 1000), mean: 0.72 }] })
  const { document } = parseHTML(page) as unknown as {
    document: { querySelectorAll(selector: string): Iterable<{ readonly textContent: string }> }
  }
  const words = (selector: string) =>
    [...document.querySelectorAll(selector)].map(({ textContent }) => textContent.replace(/\s+/g, ' ').trim())

  it('says first whether the budgets are equal', () => {
    expect(words('header p')[0]).toMatch(/^Budgets differ: first/)
  })

  it('has a row for each run, with its share of what full data reaches', () => {
    const rows = words('#accuracy tbody tr')
    expect(rows).toHaveLength(2)
    expect(rows[0]).toContain('88.9')
    expect(rows[1]).toContain('80.0 % of 90.0 %: each image seen once 4,000 1,000 3')
  })

  it('draws budgets and common curves, and fetches nothing', () => {
    expect(words('#budget svg, #curves svg')).toHaveLength(2)
    expect(page).not.toMatch(/url\(|@import|https?:|<script/)
  })

  it('refuses one run, and two of one name', () => {
    expect(() => comparisonPage({ title: '', runs: [run('a', 1)] })).toThrow('at least two runs')
    expect(() => comparisonPage({ title: '', runs: [run('a', 1), run('a', 1)] })).toThrow('a, a')
  })
})
