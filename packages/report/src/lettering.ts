import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import opentype, { type Font } from 'opentype.js'

let font: Font | undefined

/** Loads the font of the package, so that text looks the same on every machine, even one without fonts. */
function load(): Font {
  if (font) return font
  const file = createRequire(import.meta.url).resolve('@fontsource/dejavu-sans/files/dejavu-sans-latin-400-normal.woff')
  const { buffer, byteOffset, byteLength } = readFileSync(file)
  return (font = opentype.parse(buffer.slice(byteOffset, byteOffset + byteLength)))
}

/** Text as outlines. */
export interface Lettering {
  /** In pixels. */
  readonly width: number
  /** The `d` of an SVG path that starts at x = 0 on the baseline y = 0. */
  readonly path: string
}

/**
 * Draws a line of text as outlines, `size` pixels high. Letters are placed one by one, because opentype.js's ligatures fail
 * with this font and labels need none.
 */
export function lettering(text: string, size: number): Lettering {
  const letters = load()
  let width = 0
  let path = ''
  for (const character of text) {
    const glyph = letters.charToGlyph(character)
    path += glyph.getPath(width, 0, size).toPathData(2)
    width += ((glyph.advanceWidth ?? 0) * size) / letters.unitsPerEm
  }
  return { width, path }
}
