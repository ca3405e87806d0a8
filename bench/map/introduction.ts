import { budgets, coefficients, datasets, titles } from './axes.js'
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

Accuracy by stored bytes: every objective with every parameterization, with and without a codec, at two budgets on two datasets.
${measured} of ${cells} cells were run (${hours.toFixed(1)} hours on two cores); the others say "not run", and the same command runs
them. \`npm run map -- --document\` writes this page and its charts from \`bench/map/results\`.

Accuracies are percent on test data: the mean over ${seeds.length} distillation seeds with ${networks} test networks each, ± half of the 95 % interval by
Student's t over these ${seeds.length * networks} accuracies. The best set of each budget is chosen by these numbers, which makes its own number slightly too high.
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
      'real a class, DM (at least), DSA',
      'MTT steps',
      'images of a test',
    ],
    lines,
  )
}

const bitsPerValue = (dataset: 'mnist' | 'cifar10') => (8 * coefficients[dataset].bytesPerValue).toFixed(2)

/** The document's last part. */
export const settings = (): string => `
## Settings

${effortTable()}

- **Steps**: as many as the images of the table allow, so a set with many images gets fewer steps. An image counts once for each
  forward and backward pass: DM's real images count a third, DSA's synthetic images and those of an MTT step three times.
- **Real images of DM**: four times as many as the set shows of a class, at least the table's number and at most 256.
- **Tests**: the DSA protocol (MTT's, at the learned rate, for MTT) with batches of ${testBatch}, for as many epochs as the images of the table
  allow, at least ${leastEpochs} and at most ${mostEpochs}; an epoch sees each stored item once, under one of its views. Other networks, for sets of images
  and HaBa without coefficients, train for half as many.
- **Sizes**: the largest set that takes no more bytes than the budget, with labels and a learned step size, as \`haba budget\` counts them. If
  items do not divide by the classes, the first classes have one more.
  If more than ${mostImages} images a class would fit, the parameterization takes its next level of detail (larger bases, more coefficients,
  Gaussians, factors). HaBa repaired spends remaining bytes on up to four more hallucinators. With a codec the count is the maximum size of the
  file; entropy coding leaves some of it unused, and the tables show the bytes of the file.
- **Codec**: after distillation, defaults of the section "codec" with that many bits. **Coefficients**: images as coefficients of a cosine transform, with three times the steps and epochs, in blocks of
  ${coefficients.mnist.block} × ${coefficients.mnist.block} (MNIST) or ${coefficients.cifar10.block} × ${coefficients.cifar10.block}; as many values as the budget allows at ${bitsPerValue('mnist')} or ${bitsPerValue('cifar10')} bits each, rounded in the last two thirds
  of a run, and at its end in steps so coarse that the file fits. Labels are hard.
- **HaBa, released**: whole bases, five hallucinators with random starts, one view of a class in a step, the game with the published weights.
  **HaBa, repaired**: bases of 14 × 14 (CIFAR-10: 16 × 16) pixels, enlarged after decoding, four to eight hallucinators that start as the identity, all views in a
  step, no game. MTT draws a view for each image of a student step there.
- **MTT**: experts of four epochs (MNIST, ten) or three (CIFAR-10, six); their recording is not in the minutes of a cell.
- **Rates** are searched by \`npm run map -- --rates\` with a third of the steps. The search moves to the best of the rates three times as large or
  as small, until none is better by more than two points on a tenth of the training data; images may have at most three times the RMS of real
  ones. The rates of the small budget without a codec are also used for the large budget and the codecs: DM's authors, too, have one rate for 1, 10
  and 50 images a class.

## What is approximate

- The budget is that of one or ten fp32 images of every class, each with a label of one byte, and one step size.
- Networks, steps and tests are a fraction of the published ones; numbers here are for comparison with each other.
- CIFAR-10 is a JPEG copy. Images are standardized by channel, not whitened like MTT's: users of a whitened set would need the
  matrix, which is larger than all of these sets.
- Test networks that share a set are not independent: if seeds differ by much, the interval is too narrow. Each seed's mean is
  beside it.
- RTP is distilled by DM, DSA and MTT here, not by its own unrolled training.
- The minutes are wall time on a shared machine.

## How to run it

\`\`\`sh no-run
npm run map                                     # everything, the most important first
npm run map -- --time 2h                        # as far as that goes; the same command continues
npm run map -- "mnist-1-dm-*"                   # names and globs
npm run map -- --rates "mnist-1-dm-*-32bit"     # search rates first
npm run map -- "cifar10-*" --data data/cifar10  # CIFAR-10 as train/<class> and test/<class>
npm run map -- --list                           # cells in order, with bytes and minutes
\`\`\`

A cell is named DATASET-BUDGET-OBJECTIVE-SET-CODEC, such as \`mnist-1-dm-haba-repaired-8bit\` or \`mnist-1-dm-pixels-dct\`; \`mnist-1-real-uint8\` are real images, \`ablation-…\` the
ablations. Run folders are in \`runs/map\`, experts in \`experts/map\`; a cell that was stopped resumes. \`--anew\` measures a cell again
if its configuration has changed.
`
