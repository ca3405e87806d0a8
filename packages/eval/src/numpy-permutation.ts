/**
 * Equals `numpy.random.RandomState(seed).permutation(length)`: papers of continual learning give class orders as its seeds.
 * Everything else in haba draws from a `Key`.
 *
 * @param seed `0 … 2³²-1`
 */
export function numpyPermutation(seed: number, length: number): readonly number[] {
  const next = mersenneTwister(seed)
  const order = Array.from({ length }, (_, i) => i)
  for (let i = length - 1; i > 0; i--) {
    // numpy's bounded draw: masks to the bits of i and rejects values above i.
    const mask = 2 ** Math.ceil(Math.log2(i + 1)) - 1
    let j = (next() & mask) >>> 0
    while (j > i) j = (next() & mask) >>> 0
    ;[order[i], order[j]] = [order[j]!, order[i]!]
  }
  return order
}

/** MT19937 (Matsumoto and Nishimura 1998): words of 32 bits. */
function mersenneTwister(seed: number): () => number {
  const [size, shift] = [624, 397]
  const state = new Uint32Array(size)
  state[0] = seed
  for (let i = 1; i < size; i++) {
    const before = state[i - 1]! ^ (state[i - 1]! >>> 30)
    state[i] = Math.imul(1812433253, before) + i
  }
  let at = size
  const twist = () => {
    for (let i = 0; i < size; i++) {
      const word = (state[i]! & 0x80000000) | (state[(i + 1) % size]! & 0x7fffffff)
      state[i] = state[(i + shift) % size]! ^ (word >>> 1) ^ (word & 1 ? 0x9908b0df : 0)
    }
    at = 0
  }
  return () => {
    if (at === size) twist()
    let word = state[at++]!
    word ^= word >>> 11
    word ^= (word << 7) & 0x9d2c5680
    word ^= (word << 15) & 0xefc60000
    return (word ^ (word >>> 18)) >>> 0
  }
}
