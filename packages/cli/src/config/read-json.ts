import { HabaError, parseJson } from '@haba/core'
import { parse, printParseErrorCode, type ParseError } from 'jsonc-parser'
import { readFile } from 'node:fs/promises'

/** The text of a file that a person wrote, in UTF-8 or UTF-16. @throws HabaError where it cannot be read */
export async function readText(file: string): Promise<string> {
  const bytes = await readFile(file).catch((cause: Error) => {
    throw new HabaError(
      `config ${file}`,
      'a readable file',
      cause.message,
      'Check the path; recipes/ holds examples.',
      { cause },
    )
  })
  return textOf(bytes)
}

/**
 * What a JSON file that a person wrote says.
 *
 * @param text of the file, where it has been read
 * @throws HabaError with line and column of its first mistake
 */
export async function readJson(file: string, text?: string): Promise<unknown> {
  text ??= await readText(file)
  try {
    return parseJson(text)
  } catch (cause) {
    // JSON.parse itself tells the place of some mistakes only.
    const first = mistakesIn(text).sort((a, b) => a.offset - b.offset)[0]
    const lines = text.slice(0, first?.offset ?? text.length).split('\n')
    const place = `line ${lines.length}, column ${lines.at(-1)!.length + 1}`
    const todo = (first && explained(first, text)) ?? (cause as Error).message
    throw new HabaError(`config ${file}`, 'JSON', `a mistake at ${place}`, todo, { cause })
  }
}

function mistakesIn(text: string): ParseError[] {
  const mistakes: ParseError[] = []
  try {
    parse(text, mistakes, { disallowComments: true, allowTrailingComma: false })
  } catch {
    // Nested so deep that the parser runs out of stack: mistakes up to there are known.
  }
  return mistakes
}

/** UTF-8, or UTF-16 where a byte order mark says so, as Windows PowerShell writes it; without the mark. */
function textOf(bytes: Uint8Array): string {
  const mark = `${bytes[0]},${bytes[1]}`
  return new TextDecoder(mark === '255,254' ? 'utf-16le' : mark === '254,255' ? 'utf-16be' : 'utf-8').decode(bytes)
}

/** Mistakes that other languages allow; undefined for others, which JSON.parse explains. */
function explained({ error, offset, length }: ParseError, text: string): string | undefined {
  const kind = printParseErrorCode(error)
  if (kind === 'InvalidCommentToken') return 'JSON has no comments: remove it.'
  if (kind !== 'InvalidSymbol') return undefined
  const symbol = text.slice(offset, offset + Math.min(length, 40))
  return `JSON has no ${symbol}: values are numbers, texts in double quotes, true, false and null.`
}
