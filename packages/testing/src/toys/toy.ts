import type { ImageShape } from '@haba/core'

const image: ImageShape = [8, 8, 2]

/** What the made-up network, data and sets fit together by. */
export const toy = { image, classes: 3 } as const
