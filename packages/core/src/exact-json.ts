/**
 * A value as JSON, except that NaN, Infinity, -Infinity and -0, which JSON writes as `null` and `0`, keep distinct texts:
 * different values have different texts. Used for keys of programs and nodes; nothing reads it back.
 */
export const exactJson = (value: unknown): string | undefined =>
  JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'number' && (!Number.isFinite(part) || Object.is(part, -0))
      ? { number: Object.is(part, -0) ? '-0' : `${part}` }
      : part,
  )
