import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'

/** A plot as the text of an SVG file: on white, so that it can be read on light and on dark pages. */
export function svgPlot({ style, ...options }: Plot.PlotOptions): string {
  const { document } = parseHTML('<!doctype html><html></html>')
  const look = { background: 'white', color: 'black', fontFamily: 'sans-serif', fontSize: '12px' }
  const drawing: { readonly outerHTML: string; setAttribute(name: string, value: string): void } = Plot.plot({
    document,
    ...options,
    style: { ...look, ...(style as object | undefined) },
  })
  drawing.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  // Some viewers ignore the style's background.
  return `${drawing.outerHTML.replace('<style>', '<rect width="100%" height="100%" fill="white"></rect><style>')}\n`
}
