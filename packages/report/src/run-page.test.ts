import { parseHTML } from 'linkedom'
import { beforeAll, describe, expect, it } from 'vitest'
import { demoRun } from './demo-run.test-data.js'
import type { RunPage } from './run-data.js'
import { runPage } from './run-page.js'

/** The parts of the DOM's types that the tests need, because the compiler's library has no DOM. */
interface Found {
  readonly textContent: string
  getAttribute(name: string): string | null
}

interface Parsed {
  querySelectorAll(selector: string): Iterable<Found>
}

const parse = (page: string) => parseHTML(page).document as unknown as Parsed
const all = (page: Parsed, selector: string) => [...page.querySelectorAll(selector)]
const words = (found: readonly Found[]) => found.map((one) => one.textContent.replace(/\s+/g, ' ').trim())

describe('runPage', () => {
  let run: RunPage
  let page: string
  let document: Parsed
  beforeAll(async () => {
    run = await demoRun()
    page = runPage(run)
    document = parse(page)
  })

  it('has headings in order and every section', () => {
    expect(words(all(document, 'h1'))).toEqual([run.title])
    const titles = ['Accuracy', 'Storage', 'Gallery', 'Over the run', 'Images over the run']
    const uses = ['Other networks', 'Classes that arrive in steps', 'Architecture search']
    expect(words(all(document, 'h2'))).toEqual([...titles, ...uses, 'Protocol, settings and versions'])
  })

  it('fetches nothing and runs nothing', () => {
    const linked = ['src', 'href', 'srcset', 'poster', 'action', 'data'].flatMap((name) =>
      all(document, `[${name}]`).map((found) => found.getAttribute(name)!),
    )
    expect(linked.length).toBeGreaterThan(100)
    for (const address of linked) expect(address).toMatch(/^data:image\/png;base64,/)
    expect(page).not.toMatch(/url\(|@import|https?:/)
    expect(all(document, 'script, link, iframe, object')).toEqual([])
    const policy = all(document, 'meta[http-equiv="Content-Security-Policy"]')[0]!
    expect(policy.getAttribute('content')).toContain("default-src 'none'")
  })

  it('shows every picture with its class, slot and view', () => {
    const names = all(document, '#gallery img').map((image) => image.getAttribute('alt'))
    expect(names).toHaveLength(run.gallery.slots.length * 6)
    expect(names.slice(0, 3)).toEqual([
      'airplane, slot 0, basis',
      'airplane, slot 0, view 0',
      'airplane, slot 0, view 1',
    ])
    const [first] = all(document, '#gallery img')
    const png = Buffer.from(run.gallery.slots[0]!.basis!.png).toString('base64')
    expect(first!.getAttribute('src')).toBe(`data:image/png;base64,${png}`)
    expect(words(all(document, '#gallery p'))[0]).toMatch(
      /^20 of 90 bases, .* 100 images\. Images: preprocessing undone/,
    )
    expect(all(document, '#snapshots img')).toHaveLength(21)
  })

  it('holds each number it was given', () => {
    const rows = words(all(document, '#accuracy tbody tr'))
    expect(rows[0]).toBe('this set 90 bases, 5 views each 69.3 ± 0.4 % – 1,219,968 304,320 5')
    expect(rows[1]).toBe('trajectory matching, pixels 65.3 ± 0.7 % +4.0 1,228,912 307,200 5')
    expect(rows[3]).toBe('whole training set 84.8 ± 0.1 % −15.5 614,400,000 153,600,000 3')
    const parts = words(all(document, '#storage tbody tr'))
    expect(parts[0]).toBe('bases 1,105,920 276,480 90.0 %')
    expect(parts.slice(-2)).toEqual([
      'Total 1,219,968 304,320 99.3 %',
      'Budget: 10 images per class 1,228,800 – 100.0 %',
    ])
    const facts = words(all(document, '.facts dd'))
    expect(facts).toEqual([
      '69.3 ± 0.4 % mean ± std of 5 students',
      '1.22 MB 99.3 % of 10 images per class',
      '304,320 32.07 bits each',
      '2,000 of distillation',
    ])
    const settings = words(all(document, '#settings tr'))
    for (const row of ['learningRate 0.0178', 'gradient.kind recomputed', 'standardize null', 'node 20.20.2'])
      expect(settings).toContain(row)
    expect(settings).toContain('augmentation color, crop, cutout, flip, scale, rotate')
    expect(words(all(document, 'code'))).toEqual([run.key])
  })

  it('draws a curve for every metric, and the accuracies', () => {
    const labels = all(document, '#curves svg').map((drawing) => drawing.getAttribute('aria-label'))
    expect(labels.map((label) => label!.split(' ')[0])).toEqual(['test', 'loss', 'apart', 'together', 'stepSize'])
    expect(labels[1]).toMatch(/^loss over 2000 steps, from 0\.\d+ to 0\.\d+$/)
    for (const path of all(document, '#curves svg path, #accuracy svg path'))
      expect(path.getAttribute('d')).not.toMatch(/NaN|Infinity/)
  })

  it('escapes whatever comes from data', async () => {
    const evil = `<script>alert('x')</script>"><img src=x onerror=alert(1)>&`
    const [set, ...others] = run.accuracies as [RunPage['accuracies'][number], ...RunPage['accuracies']]
    const bad = parse(
      runPage({
        ...run,
        title: evil,
        summary: evil,
        key: evil,
        accuracies: [{ ...set, name: evil, note: evil }, ...others],
        storage: { ...run.storage, parts: [{ name: evil, floats: 1, bytes: 4 }], budget: { name: evil, bytes: 9 } },
        gallery: { slots: run.gallery.slots.slice(0, 1).map((slot) => ({ ...slot, className: evil })), caption: evil },
        snapshots: run.snapshots!.slice(0, 1).map((snapshot) => ({ ...snapshot, className: evil })),
        metrics: [{ step: 1, [evil]: 2 }],
        settings: { [evil]: { [evil]: evil, inner: { [evil]: [evil] } } },
        versions: { [evil]: evil },
      }),
    )
    expect(all(bad, 'script, [onerror]')).toEqual([])
    expect(words(all(bad, 'h1'))).toEqual([evil])
    expect(words(all(bad, 'h3'))[0]).toBe(evil)
    expect(all(bad, '#gallery img')[1]!.getAttribute('alt')).toBe(`${evil}, slot 0, view 0`)
    expect(words(all(bad, '#settings caption'))).toEqual([evil, 'versions'])
  })

  it('leaves out what a run does not have', () => {
    const { evaluations: _, snapshots: __, uses: ___, ...rest } = run
    const plain = parse(runPage({ ...rest, metrics: [], gallery: { slots: [] } }))
    expect(words(all(plain, 'h2'))).toEqual(['Accuracy', 'Storage', 'Protocol, settings and versions'])
  })

  it('shows plain pixels without bases, a flat curve and a zero loss', () => {
    const slots = run.gallery.slots.slice(0, 2).map(({ basis: _, ...slot }) => slot)
    const metrics = [0, 1, 2].map((step) => ({ step, loss: 0 }))
    const plain = parse(runPage({ ...run, gallery: { slots }, metrics }))
    expect(words(all(plain, '#gallery p'))[0]).toBe('All slots: 10 images.')
    for (const path of all(plain, '#curves svg path')) expect(path.getAttribute('d')).not.toMatch(/NaN/)
  })

  it('asks for exactly one distilled set', () => {
    expect(() => runPage({ ...run, accuracies: run.accuracies.slice(1) })).toThrow(
      /exactly one accuracy with role 'set'/,
    )
  })
})
