import { HabaError, parseJson } from '@haba/core'
import { createJiti } from 'jiti'
import { parse, printParseErrorCode, stripComments, type ParseError } from 'jsonc-parser'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Lexer, LineCounter, parseDocument, Parser } from 'yaml'
import { isRecord } from './describe-schema.js'
import { inside, placeName, type Place } from './place.js'

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

/** Configurations that are modules: reading one runs it. */
const modules = /\.[cm]?[jt]s$/

/**
 * What a file that a person wrote says: JSON, in which comments may stand, YAML, or the default export of a module.
 *
 * @param text JSON that stands for the file, such as that of a packed run
 * @throws HabaError with line and column of its first mistake
 */
export async function readConfigFile(file: string, text?: string): Promise<unknown> {
  if (text !== undefined) return readJson(file, text)
  if (modules.test(file)) return readModule(file)
  const read = /\.ya?ml$/.test(file) ? readYaml : readJson
  return read(file, await readText(file))
}

function readJson(file: string, text: string): unknown {
  // Comments become spaces, so that errors name the right place.
  const bare = text.includes('/') ? withoutComments(text) : text
  try {
    return parseJson(bare)
  } catch (cause) {
    // JSON.parse itself tells the place of some mistakes only.
    const first = mistakesIn(bare).sort((a, b) => a.offset - b.offset)[0]
    const todo = (first && explained(first, bare)) ?? messageOf(cause)
    throw mistake(file, 'JSON', placeIn(text, first?.offset ?? text.length), todo, cause)
  }
}

function readYaml(file: string, text: string): unknown {
  const lines = new LineCounter()
  const document = parsedYaml(file, text, lines)
  const [first] = [...document.errors, ...document.warnings]
  if (first) {
    const { line, col } = lines.linePos(first.pos[0])
    throw mistake(file, 'YAML', `line ${line}, column ${col}`, `${first.message}.`, first)
  }
  try {
    return plain({ file, path: '' }, document.toJS({ maxAliasCount: 100 }))
  } catch (cause) {
    if (HabaError.is(cause)) throw cause
    throw mistake(file, 'YAML', 'its aliases', messageOf(cause), cause)
  }
}

/** As for JSON. Deeper nesting exhausts yaml's stack, and V8 aborts the process if it compiles a regular expression there. */
const DEEPEST = 100

/** JSON's types only: no dates, no binary. */
function parsedYaml(file: string, text: string, lineCounter: LineCounter) {
  const parser = new Parser()
  for (const lexeme of new Lexer().lex(text)) {
    for (const _ of parser.next(lexeme));
    if (parser.stack.length > DEEPEST + 2)
      throw mistake(
        file,
        'YAML',
        placeIn(text, parser.offset),
        `Values are nested more than ${DEEPEST} deep.`,
        undefined,
      )
  }
  return parseDocument(text, { lineCounter, prettyErrors: false, schema: 'core', stringKeys: true })
}

/** A module runs with the rights of whoever starts haba, like a plugin that they name. */
async function readModule(file: string): Promise<unknown> {
  // Tells why a file cannot be read, which a loader of modules does not.
  await readText(file)
  let value: unknown
  try {
    const jiti = createJiti(import.meta.url, { tryNative: true, interopDefault: false })
    value = (await jiti.import<{ readonly default?: unknown }>(resolve(file))).default
  } catch (cause) {
    throw new HabaError(`config ${file}`, 'a module that loads', messageOf(cause), 'Correct it.', { cause })
  }
  if (typeof value !== 'object' || value === null)
    throw new HabaError(
      `config ${file}`,
      'a configuration as the default export',
      value === undefined ? 'none' : typeof value,
      'Write `export default defineConfig({ … })`, with defineConfig of @haba/cli.',
    )
  return plain({ file, path: '' }, value)
}

/** Copies a value as plain data. @throws HabaError with the path of a value that JSON does not have, such as a function */
function plain(where: Place, value: unknown): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)) return value
  if (Array.isArray(value)) return value.map((one, i) => plain(inside(where, i), one))
  const kind = Object.prototype.toString.call(value).slice(8, -1)
  if (kind === 'Object' && isRecord(value))
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, member]) => member !== undefined)
        .map(([name, member]) => [name, plain(inside(where, name), member)]),
    )
  const got = typeof value === 'number' ? String(value) : kind
  throw new HabaError(placeName(where), 'numbers, texts, true, false, null, lists and objects of them', got, '')
}

const mistake = (file: string, language: string, place: string, todo: string, cause: unknown) =>
  new HabaError(`config ${file}`, language, `a mistake at ${place}`, todo, { cause })

function placeIn(text: string, offset: number): string {
  const lines = text.slice(0, offset).split('\n')
  return `line ${lines.length}, column ${lines.at(-1)!.length + 1}`
}

/** Text with spaces for its comments. */
function withoutComments(text: string): string {
  try {
    return stripComments(text, ' ')
  } catch {
    // The scanner runs out of stack on deep nesting; the parser reports that.
    return text
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
  if (kind !== 'InvalidSymbol') return undefined
  const symbol = text.slice(offset, offset + Math.min(length, 40))
  return `JSON has no ${symbol}: values are numbers, texts in double quotes, true, false and null.`
}

/** The message of whatever was thrown. */
export const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown))
