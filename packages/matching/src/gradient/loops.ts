import { HabaError } from '@haba/core'

/** How often the set moves under one network (`outer`), and how long the network trains in between (`inner`, epochs). */
export interface Loops {
  readonly outer: number
  readonly inner: number
}

/** DC's and DSA's loops by images a class (`get_loops` in the released code). */
const DC: Readonly<Record<number, Loops>> = {
  1: { outer: 1, inner: 1 },
  10: { outer: 10, inner: 50 },
  20: { outer: 20, inner: 25 },
  30: { outer: 30, inner: 20 },
  40: { outer: 40, inner: 15 },
  50: { outer: 50, inner: 10 },
}

/** DCC's and DSAC's loops; with one image a class they differ from DC's. */
const DCC: Readonly<Record<number, Loops>> = {
  1: { outer: 10, inner: 5 },
  10: { outer: 10, inner: 50 },
  50: { outer: 50, inner: 10 },
}

function published(who: string, table: Readonly<Record<number, Loops>>, imagesPerClass: number): Loops {
  const loops = table[imagesPerClass]
  if (!loops)
    throw new HabaError(
      who,
      `images per class of ${Object.keys(table).join(', ')}`,
      `${imagesPerClass}`,
      'Give { outer, inner } yourself.',
    )
  return loops
}

/** DC's published loops for 1, 10, 20, 30, 40 or 50 images a class. */
export const dcLoops = (imagesPerClass: number): Loops => published('dcLoops', DC, imagesPerClass)

/** DCC's published loops for 1, 10 or 50 images a class. */
export const dccLoops = (imagesPerClass: number): Loops => published('dccLoops', DCC, imagesPerClass)
