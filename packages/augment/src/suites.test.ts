import type { Augmentation } from '@haba/core'
import { testAugmentation, testMixing } from '@haba/testing'
import { chain, color, crop, cutMix, cutout, flip, fromStrategy, mixUp, none, oneOf, rotate, scale } from './index.js'

const each: readonly Augmentation[] = [none, color(), crop(), cutout(), flip(), scale(), rotate()]
for (const one of each) testAugmentation({ make: () => one, draws: 2 })

testAugmentation({ make: () => fromStrategy('color_crop_cutout_flip_scale_rotate'), draws: 6 })
testAugmentation({ make: () => chain([color(), flip(), cutout()]), draws: 1 })
testAugmentation({ make: () => oneOf([flip(), cutout()]), draws: 2, image: [6, 4, 1] })

testMixing({ make: () => cutMix({ probability: 1 }) })
testMixing({ make: () => cutMix(), image: [5, 4, 1], draws: 4 })
testMixing({ make: () => mixUp() })
