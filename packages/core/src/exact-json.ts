/**
 * A value as JSON, except that NaN, Infinity, -Infinity and -0, which JSON writes as `null` and `0`, keep texts of their own:
 * two values have the same text only where they are the same. For keys of programs and nodes; nothing reads it back.
 */
export const exactJson = (value: unknown): string | undefined =>
  JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'number' && (!Number.isFinite(part) || Object.is(part, -0))
      ? { number: Object.is(part, -0) ? '-0' : `${part}` }
      : part,
  )
