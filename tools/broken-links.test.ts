import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { brokenLinks } from '../docs/.vitepress/broken-links.js'

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'haba-site-'))))
afterEach(() => rmSync(folder, { recursive: true }))

function site(pages: Readonly<Record<string, string>>): void {
  for (const [name, body] of Object.entries(pages)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), `<!doctype html><html><head></head><body>${body}</body></html>`)
  }
}

it('finds links to pages and headings that are not there', () => {
  site({
    'index.html':
      '<h2 id="名称">x</h2><a href="/base/a/b.html#in">1</a><a href="/base/no.html">2</a><a href="#名称">3</a>',
    'a/b.html':
      '<h2 id="in">x</h2><a href="/base/">1</a><a href="../index.html#out">2</a><a href="/base/api/index.html">3</a>',
    'api/index.html': '<a href="nothing.html">of typedoc</a>',
  })
  expect(brokenLinks(folder, '/base/')).toEqual([
    'a/b.html: nothing at ../index.html#out',
    'index.html: nothing at /base/no.html',
  ])
})

it('finds what a page would load from another host, and lets links lead there', () => {
  site({
    'index.html': `<a href="https://example.org/">a link</a><img src="data:,"><script src="/a.js"></script>
<img src="https://example.org/a.png"><link rel="stylesheet" href="//example.org/a.css"><source srcset="https://example.org/b.png">`,
  })
  expect(brokenLinks(folder, '/')).toEqual([
    'index.html: loads https://example.org/a.png',
    'index.html: loads https://example.org/b.png',
    'index.html: loads //example.org/a.css',
  ])
})
