/** Visits `0 … count-1`, with at most `atOnce` visits under way. */
export async function eachAtOnce(
  count: number,
  atOnce: number,
  visit: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < count) await visit(next++)
  }
  await Promise.all(Array.from({ length: Math.min(count, atOnce) }, worker))
}
