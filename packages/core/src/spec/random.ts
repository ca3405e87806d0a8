/** A key of the random generator: two unsigned 32-bit words. The same key always gives the same numbers. */
export interface Key {
  readonly hi: number
  readonly lo: number
}
