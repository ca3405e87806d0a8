/** The page's style sheet: system fonts, one column, light and dark. */
export const style = `
:root {
  color-scheme: light dark;
  --paper: #fcfcfb; --card: #ffffff; --line: #e2e2de; --ink: #1f2328; --muted: #656b73;
  --accent: #1f6f8b; --wash: #e8f1f4;
  --run-0: #1f6f8b; --run-1: #b4521e; --run-2: #4f7d28; --run-3: #7a4fa3; --run-4: #a8324e; --run-5: #7d6608; --size: 72px; --zoom: 2.75;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171a; --card: #1b1f23; --line: #31363c; --ink: #e4e6e8; --muted: #9aa1a9;
    --accent: #6dbfd8; --wash: #1d2f36;
    --run-0: #6dbfd8; --run-1: #f0a070; --run-2: #9ccc70; --run-3: #c3a0e8; --run-4: #f08aa0; --run-5: #d8c050;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 3rem 3.5rem 5rem; max-width: 72rem; overflow-x: clip;
  background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif;
}
h1, h2, h3 { line-height: 1.25; text-wrap: balance; font-weight: 650; }
h1 { margin: 0 0 .5rem; font-size: 1.9rem; letter-spacing: -.01em; overflow-wrap: anywhere; }
h2 { margin: 0 0 .4rem; font-size: 1.3rem; }
h3 { margin: 0 0 .6rem; font-size: 1rem; overflow-wrap: anywhere; }
h3 small { margin-left: .4rem; }
p { margin: 0 0 1rem; max-width: 46rem; color: var(--muted); }
p.lead { font-size: 1.06rem; }
small { color: var(--muted); font-weight: 400; font-size: .82rem; }
code { font: .9em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; color: var(--ink); overflow-wrap: anywhere; }
section { margin-top: 3rem; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }

.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(12.5rem, 1fr)); gap: .75rem; margin: 1.5rem 0 0; }
.facts div { padding: .8rem 1rem; border: 1px solid var(--line); border-radius: 10px; background: var(--card); }
.facts dt { color: var(--muted); font-size: .85rem; }
.facts dd { margin: 0; font-size: 1.45rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.facts small { display: block; }

.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 10px; background: var(--card); }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .92rem; }
th, td { padding: .5rem .9rem; text-align: right; vertical-align: baseline; white-space: nowrap; }
th:first-child { text-align: left; }
thead th { color: var(--muted); font-weight: 500; font-size: .84rem; }
tbody tr { border-top: 1px solid var(--line); }
tbody th { font-weight: 500; }
tbody th small { display: block; white-space: normal; min-width: 11rem; max-width: 24rem; }
td small { display: block; white-space: normal; max-width: 12rem; margin-left: auto; }
tr.own, tr.total { background: var(--wash); }
tr.own th, tr.own td, tr.total th, tr.total td { font-weight: 650; }
tr.budget { color: var(--muted); }
.parts th:first-child { width: 55%; min-width: 7.4rem; }
.bar { display: block; height: .4rem; margin-top: .3rem; border-radius: 3px; background: color-mix(in srgb, var(--line) 60%, transparent); }
.bar span { display: block; height: 100%; min-width: 1px; border-radius: 3px; background: var(--accent); }
tr.budget .bar span { background: var(--muted); opacity: .55; }

.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 22rem), 1fr)); gap: .75rem; }
.plot { margin: 0; padding: .75rem; border: 1px solid var(--line); border-radius: 10px; background: var(--card); }
.plot.wide { margin-bottom: .75rem; }
.plot svg { display: block; width: 100%; height: auto; margin: 0 auto; max-width: 33rem; }

.class { padding: 1rem 0 1.1rem; border-top: 1px solid var(--line); }
.slots { display: flex; flex-wrap: wrap; gap: .75rem 1.75rem; }
.slot { display: flex; gap: 1rem; }
.basis { padding-right: 1rem; border-right: 1px solid var(--line); }
.views { display: flex; flex-wrap: wrap; gap: .5rem; align-content: flex-start; }
.tile { position: relative; margin: 0; width: var(--size); cursor: zoom-in; border-radius: 4px; }
.tile img {
  display: block; width: var(--size); height: auto; border-radius: 4px; background: var(--line);
  image-rendering: pixelated; transition: transform .12s ease-out;
}
.label { display: block; text-align: center; color: var(--muted); font-size: .75rem; line-height: 1.5; font-variant-numeric: tabular-nums; }
.tile figcaption {
  position: absolute; z-index: 3; left: 50%; top: calc(var(--size) * (1 + var(--zoom)) / 2 + 6px); translate: -50%;
  padding: .1rem .5rem; border-radius: 5px; background: var(--ink); color: var(--paper);
  font-size: .8rem; white-space: nowrap; visibility: hidden; pointer-events: none;
}
.tile:hover, .tile:focus { z-index: 2; }
.tile:hover img, .tile:focus img { transform: scale(var(--zoom)); box-shadow: 0 2px 10px rgb(0 0 0 / .35); position: relative; z-index: 2; pointer-events: none; }
.tile:hover figcaption, .tile:focus figcaption { visibility: visible; }

.tables { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 22rem), 1fr)); gap: .75rem; align-items: start; }
caption { padding: .6rem .9rem; text-align: left; font-weight: 650; }
caption::first-letter { text-transform: uppercase; }
.settings td { white-space: normal; overflow-wrap: anywhere; }
.settings th { color: var(--muted); font-weight: 400; }

@media (max-width: 40rem) {
  :root { --size: 48px; }
  body { padding: 1.5rem 1rem 4rem; }
  h1 { font-size: 1.5rem; }
  section { margin-top: 2.25rem; }
  .facts { grid-template-columns: 1fr 1fr; }
  .facts div { padding: .6rem .75rem; }
  .facts dd { font-size: 1.15rem; }
  .plot { padding: .4rem; }
  .slot { gap: .6rem; }
  .views { gap: .35rem; }
  .basis { padding-right: .6rem; }
  th, td { padding: .45rem .6rem; }
  .parts tr > :not(:first-child) { padding-inline: .4rem; }
  tbody th { white-space: normal; min-width: 7rem; overflow-wrap: anywhere; }
  .tile { min-height: calc(var(--size) + 1rem); }
  .tile:hover img, .tile:focus img {
    position: fixed; left: 50%; bottom: 3.2rem; width: 15rem; margin-left: -7.5rem; transform: none; z-index: 5;
  }
  .tile figcaption { position: fixed; top: auto; bottom: 1rem; z-index: 5; }
}
@media (prefers-reduced-motion: reduce) { .tile img { transition: none; } }
@media print {
  body { padding: 0; }
  .class, .plot, tr { break-inside: avoid; }
}
`
