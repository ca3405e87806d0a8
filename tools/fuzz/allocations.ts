/** Counts the bytes of typed arrays and buffers that are asked for by length, before anything is written to them. */
let counted = 0

const names = [
  'Int8Array',
  'Uint8Array',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float32Array',
] as const
const wide = ['Float64Array', 'BigInt64Array', 'BigUint64Array'] as const

let counting = false

/** Starts to count, in all code of this process that is not Node's own. */
export function countAllocations(): void {
  if (counting) return
  counting = true
  const globals = globalThis as unknown as Record<string, new (...args: unknown[]) => object>
  for (const name of [...names, ...wide, 'ArrayBuffer']) {
    const original = globals[name]!
    const width = (original as unknown as { BYTES_PER_ELEMENT?: number }).BYTES_PER_ELEMENT ?? 1
    const proxy: typeof original = new Proxy(original, {
      construct(target, args: unknown[], own) {
        const [first] = args
        const length = typeof first === 'number' ? first : ((first as { length?: unknown } | undefined)?.length ?? 0)
        counted += width * (Number(length) || 0)
        return Reflect.construct(target, args, own === proxy ? target : own) as object
      },
    })
    globals[name] = proxy
    // Libraries ask values what made them.
    ;(original.prototype as { constructor: unknown }).constructor = proxy
  }
  for (const name of ['alloc', 'allocUnsafe', 'allocUnsafeSlow'] as const) {
    const original = Buffer[name] as (size: number, ...more: never[]) => Buffer
    Object.assign(Buffer, {
      [name](size: number, ...more: never[]) {
        counted += Number(size) || 0
        return original.call(Buffer, size, ...more)
      },
    })
  }
}

/** The bytes since the last call. */
export function takeCount(): number {
  const taken = counted
  counted = 0
  return taken
}
