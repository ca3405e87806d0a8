import { closest, distance } from 'fastest-levenshtein'

/** The known name that someone probably meant; undefined where none is near. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined
  const bare = (text: string) => text.toLowerCase().replaceAll(/[-_ ]/g, '')
  const found = closest(
    bare(name),
    known.map((one) => bare(one)),
  )
  return distance(bare(name), found) <= Math.max(2, name.length / 3)
    ? known.find((one) => bare(one) === found)
    : undefined
}
