/** Visits `0 … count-1`, at most `atOnce` at the same time. No visit starts after one has failed. */
export async function eachAtOnce(
  count: number,
  atOnce: number,
  visit: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < count)
      await visit(next++).catch((error: unknown) => {
        next = count
        throw error
      })
  }
  await Promise.all(Array.from({ length: Math.min(count, atOnce) }, worker))
}
