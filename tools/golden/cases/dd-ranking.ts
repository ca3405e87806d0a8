import { augmentationRobustScore, labelRobustScore } from '@haba/eval'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Comparison, Given, GoldenCase } from '../golden-case.js'
import { listed } from '../layouts.js'

/** Rows of a score's inputs and the columns it gives, each beside what is stored. */
function columns(
  { group }: Given,
  name: string,
  row: (input: (column: string) => number) => Readonly<Record<string, number>>,
): Record<string, Comparison> {
  const stored: Readonly<Record<string, Tensor>> = group(`${name}.`)
  const rows = Array.from({ length: stored['score']!.size }, (_, i) => row((column) => stored[column]!.dataSync()[i]!))
  return Object.fromEntries(
    Object.keys(rows[0]!).map((column) => [
      `${name}.${column}`,
      { expected: stored[column]!, got: listed(...rows.map((one) => one[column]!)), order: 1 as const },
    ]),
  )
}

/** DD-Ranking's two scores of accuracies as fractions. */
export const ddRanking: GoldenCase = async (given) => ({
  ...columns(given, 'label_robust', (input) => {
    const { hardLabelRecovery, improvementOverRandom, score } = labelRobustScore({
      realHard: input('real_hard'),
      setHard: input('syn_hard'),
      setAny: input('syn_any'),
      randomAny: input('rdm_any'),
      weight: input('weight'),
    })
    return { hlr: hardLabelRecovery, ior: improvementOverRandom, score }
  }),
  ...columns(given, 'augmentation_robust', (input) => {
    const { withAugmentation, withoutAugmentation, score } = augmentationRobustScore({
      setAugmented: input('syn_aug'),
      randomAugmented: input('rdm_aug'),
      setPlain: input('syn_naug'),
      randomPlain: input('rdm_naug'),
      weight: input('weight'),
    })
    return { with_augmentation: withAugmentation, without_augmentation: withoutAugmentation, score }
  }),
})
