/** Deeper values could overflow the stack of recursive functions; no file of haba nests as deep. */
const DEEPEST = 100

/**
 * `JSON.parse` for untrusted text.
 *
 * @throws SyntaxError also for values that are nested more than 100 deep, and for numbers that are too large
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text)
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x22) at = endOfText(text, at) - 1
    else if (code === 0x5b || code === 0x7b) {
      if (++depth > DEEPEST) throw new SyntaxError(`values nested more than ${DEEPEST} deep at character ${at}`)
    } else if (code === 0x5d || code === 0x7d) depth--
  }
  // Visiting every value takes time, and few files contain such numbers.
  if (/[eE]\+?\d{3}|\d{309}/.test(text) && !allFinite(value)) throw new SyntaxError('a number beyond 1.8e308')
  return value
}

function allFinite(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value)
  return typeof value !== 'object' || value === null || Object.values(value).every(allFinite)
}

/** The index after the closing quote of a string in valid JSON. @param start index of its opening quote */
export function endOfText(json: string, start: number): number {
  for (let at = start + 1; ; at++) {
    at = json.indexOf('"', at)
    let escapes = 0
    while (json.charCodeAt(at - 1 - escapes) === 0x5c) escapes++
    if (escapes % 2 === 0) return at + 1
  }
}

/** A value for errors: its JSON, truncated if long. */
export function shownJson(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
}

const LONGEST = 120
