import type { Mutation } from './mutate-bytes.js'
import type { Random } from './random.js'

type Parent = Record<string, unknown> | unknown[]

/** A value inside of a larger one. */
interface Node {
  readonly parent: Parent
  readonly key: string | number
}

function nodesOf(value: unknown): readonly Node[] {
  if (typeof value !== 'object' || value === null) return []
  const parent = value as Parent
  const keys = Array.isArray(parent) ? parent.map((_, i) => i) : Object.keys(parent)
  // Of a long list, the first members speak for all.
  return keys.slice(0, 50).flatMap((key) => [{ parent, key }, ...nodesOf((parent as Record<string, unknown>)[key])])
}

const scalars: readonly unknown[] = [null, true, false, '', 'x', '0', 'constructor', '__proto__', '\u0000', '../..']
const numbers = [0, -0, 1, -1, 0.5, -1.5, 3, 255, 65_536, 2 ** 31, 2 ** 32, 2 ** 53, 1e12, 1e15, 1e300, -1e15]

/** A marker that becomes a number that JSON can say and no double can hold. */
const BEYOND = '\u0001beyond\u0001'

function otherValue(random: Random): unknown {
  return random.pick<() => unknown>([
    () => random.pick(scalars),
    () => random.pick(numbers),
    () => random.pick(numbers),
    () => BEYOND,
    () => [],
    () => ({}),
    () => [[]],
    () => [null],
    () => new Array(random.pick([1, 2, 3, 100, 10_000])).fill(random.pick([null, 0, -1, 'x'])),
    () => ({ $tensor: random.pick(['x', 'set', 3, null]) }),
    () => ({ __proto__: null, length: -1, use: 'x', shape: [1e12], name: 7 }),
    () => 'x'.repeat(random.pick([1, 300, 100_000])),
  ])()
}

function nested(random: Random): string {
  const levels = random.pick([10, 100, 1000, 10_000, 100_000])
  return random.unit() < 0.5
    ? `${'['.repeat(levels)}${']'.repeat(levels)}`
    : `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`
}

const DEEP = '\u0001deep\u0001'

function mutateOnce(root: { value: unknown }, random: Random): void {
  const nodes = nodesOf(root)
  const { parent, key } = random.pick(nodes)
  const record = parent as Record<string | number, unknown>
  const old = record[key]
  const remove = () => {
    if (Array.isArray(parent)) parent.splice(key as number, 1)
    else if (record !== (root as unknown)) delete record[key]
  }
  random.pick<() => void>([
    remove,
    remove,
    () => (record[key] = otherValue(random)),
    () => (record[key] = otherValue(random)),
    () => (record[key] = otherValue(random)),
    () => {
      if (typeof old === 'number') record[key] = random.pick([old + 1, old - 1, -old, old / 2, old * 1e6, `${old}`])
      else record[key] = otherValue(random)
    },
    () => {
      // JSON inside of a text, as in metadata.
      if (typeof old === 'string' && /^[[{]/.test(old)) record[key] = mutatedText(old, random)
      else record[key] = structuredClone(record[random.pick(Object.keys(record))])
    },
    () => {
      const other = random.pick(nodes)
      record[key] = structuredClone((other.parent as Record<string | number, unknown>)[other.key])
    },
    () => {
      if (Array.isArray(old)) old.push(old.length > 0 ? structuredClone(random.pick(old)) : otherValue(random))
      else record[key] = [old]
    },
    () => {
      if (typeof old === 'object' && old !== null && !Array.isArray(old))
        (old as Record<string, unknown>)[random.pick(['', 'x', '__proto__', 'constructor', 'crc32', '0'])] =
          otherValue(random)
      else record[key] = { value: old }
    },
    () => (record[key] = DEEP),
  ])()
}

function mutatedText(text: string, random: Random): string {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return text.slice(0, random.below(text.length))
  }
  const root = { value }
  for (let left = random.pick([1, 1, 2, 3]); left > 0; left--) mutateOnce(root, random)
  const out = JSON.stringify(root.value) ?? ''
  return out.replaceAll(JSON.stringify(BEYOND), '1e999').replaceAll(JSON.stringify(DEEP), () => nested(random))
}

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const encode = (text: string) => new TextEncoder().encode(text)

/** Removes, replaces, moves and wraps values of a JSON file. */
export const jsonValues: Mutation = (bytes, random) => encode(mutatedText(decode(bytes), random))

/** The same of one line of a file of lines. */
export const jsonLines: Mutation = (bytes, random) => {
  const lines = decode(bytes).split('\n')
  const at = random.below(Math.max(1, lines.length - 1))
  lines[at] = mutatedText(lines[at]!, random)
  return encode(lines.join('\n'))
}

/** The same of the header of a safetensors file; its values stay. */
export const safetensorsHeaderValues: Mutation = (bytes, random) => {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const end = 8 + Number(view.getBigUint64(0, true))
  const header = encode(mutatedText(decode(bytes.subarray(8, end)), random))
  const length = new Uint8Array(8)
  new DataView(length.buffer).setBigUint64(0, BigInt(header.length), true)
  return new Uint8Array(Buffer.concat([length, header, bytes.subarray(end)]))
}
