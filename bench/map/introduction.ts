import { budgets, datasets, titles } from './axes.js'
import { markdownTable } from '../markdown-table.js'
import { networks, seeds } from './config.js'
import { efforts, leastEpochs, mostEpochs, mostImages, objectiveEffort, testBatch } from './effort.js'

interface Counts {
  readonly cells: number
  readonly measured: number
  readonly hours: number
}

/** The document's first part, up to the table of the best sets. */
export const introduction = ({ cells, measured, hours }: Counts): string => `# The map

What a set is worth for the bytes it takes: every objective with every parameterization, without a codec and with one, at two budgets on
two datasets. ${measured} of ${cells} cells were run (${hours.toFixed(1)} hours on two cores); the others say "not run" and run by the same
command. \`npm run map -- --document\` writes this page and its charts from \`bench/map/results\`.

Accuracies are percent on test data: the mean over ${seeds.length} distillation seeds with ${networks} test networks each, ± half of the 95 % interval by
Student's t over these ${seeds.length * networks} accuracies. The best set of each budget is chosen by these numbers, so that it is a little too good.
`

const count = (n: number) => n.toLocaleString('en-US')

function effortTable(): string {
  const lines = datasets.flatMap((dataset) =>
    budgets.map((budget) => {
      const { width, work, seen, real, student } = efforts[dataset][budget]
      return [
        titles[dataset],
        `${budget}`,
        `3 × ${width}`,
        ...(['dm', 'dsa', 'mtt'] as const).map((objective) => {
          const { steps, share } = objectiveEffort[objective]
          return `${count(share * work)} (at most ${count(steps)} steps)`
        }),
        `${real.dm}, ${real.dsa}`,
        `${student.steps} of at most ${student.batch}`,
        count(seen),
      ]
    }),
  )
  return markdownTable(
    [
      'dataset',
      'budget',
      'ConvNet',
      'images of DM',
      'of DSA',
      'of MTT',
      'real a class, DM, DSA',
      'MTT steps',
      'images of a test',
    ],
    lines,
  )
}

/** The document's last part. */
export const settings = (): string => `
## Settings

${effortTable()}

- **Steps**: as many as the images of the table allow, so that a set with many images gets fewer steps. An image counts once for each
  time that a network sees it forward and backward: DM's real images a third, DSA's synthetic ones three times, those of an MTT step three times.
- **Tests**: the DSA protocol (MTT's, at the learned rate, for MTT) with batches of ${testBatch}, for as many epochs as the images of the table
  allow, at least ${leastEpochs} and at most ${mostEpochs}; an epoch sees each stored item once, under one of its views. Other networks train for half as many.
- **Sizes**: the largest set that takes no more bytes than the budget, labels and a learned step size counted, as \`haba budget\` counts them; where
  items do not divide by the classes, the first classes have one more.
  Where more than ${mostImages} images a class would fit, the parameterization takes its next level of detail (larger bases, more coefficients,
  Gaussians, factors). HaBa repaired spends what is left on up to four more hallucinators. With a codec the count is the most that its
  file can take; entropy coding leaves some of it unused, and the tables show the bytes of the file.
- **Codec**: after distillation, defaults of the section "codec" with so many bits. Labels are hard.
- **HaBa, released**: whole bases, five hallucinators with random starts, one view of a class in a step, the game with the published weights.
  **HaBa, repaired**: bases of 14 × 14 (CIFAR-10: 16 × 16) pixels, enlarged after decoding, four to eight hallucinators that start as the identity, all views in a
  step, no game. MTT draws a view for each image of a student step there.
- **MTT**: experts of four epochs (MNIST, ten) or three (CIFAR-10, six); their recording is not in the minutes of a cell.
- **Rates** are looked for by \`npm run map -- --rates\`: a third of the steps, then from the start to the best of the rates three times as large or as
  small, as long as one is better by more than two points on a tenth of the training data; images may have at most three times the RMS of real
  ones. Rates of what each image has for itself grow with the number of images, so that those of the small budget serve the large one and
  the codecs.

## What is approximate

- The budget is that of one or ten fp32 images of every class, each with a label of one byte, and one step size.
- Networks, steps and tests are a fraction of the published ones; numbers here are for comparison with each other.
- CIFAR-10 is a JPEG copy of it, whitened (ZCA); the whitening matrix belongs to the data and is not counted.
- Test networks that share a set are not independent of each other: where seeds differ by much, the interval is too narrow. Each
  seed's mean stands beside it.
- RTP is distilled by DM, DSA and MTT here, not by its own unrolled training.
- The minutes are wall time on a machine that others used as well.

## How to run it

\`\`\`sh no-run
npm run map                                     # everything, the most important first
npm run map -- --time 2h                        # as far as that goes; the same command continues
npm run map -- "mnist-1-dm-*"                   # names and globs
npm run map -- --rates "mnist-1-dm-*-32bit"     # search rates first
npm run map -- "cifar10-*" --data data/cifar10  # CIFAR-10 as train/<class> and test/<class>
npm run map -- --list                           # cells in order, with bytes and minutes
\`\`\`

A cell is named DATASET-BUDGET-OBJECTIVE-SET-BITSbit, such as \`mnist-1-dm-haba-repaired-8bit\`; \`mnist-1-real\` are real images, \`ablation-…\` the
ablations. Run folders lie in \`runs/map\`, experts in \`experts/map\`; a cell that was stopped resumes. \`--anew\` measures a cell again
whose configuration has changed.
`
