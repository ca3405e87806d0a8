/** The document's first part. */
export const introduction = (cells: number, run: number): string => `# Reproduction

Every cell of the papers' tables that a method here stands for: its published accuracy, ours, and how far ours was run. Of
${cells} configurations, as many were run, in whole or in part: ${run}. Nothing is claimed that was not run: a cell without a number under
"ours" is a configuration, and no more. \`npm run reproduction -- --document\` writes this page, its pictures and the configurations
from \`bench/reproduction\`.

## How to run it

A cell is a file that \`haba\` takes as it stands; experts, where it needs some, come first:

\`\`\`sh no-run
npx haba data get cifar10
npx haba experts bench/reproduction/cells/cifar10-1-haba.json
npx haba distill bench/reproduction/cells/cifar10-1-haba.json
\`\`\`

The runner does the same, tests the set on its way, and writes \`bench/reproduction/results/NAME.json\`. It takes names and globs,
shares experts between cells, and goes on where it ended:

\`\`\`sh no-run
npm run reproduction -- mnist-1-dc mnist-1-dsa mnist-1-dm
npm run reproduction -- "cifar10-1-*" --time 8h --data data
npm run reproduction -- cifar10-1-haba --expert-count 4 --expert-epochs 4 --iterations 600
npm run reproduction -- cifar10-10-mtt --networks
\`\`\`

- \`--time 8h\` ends distilling after a step; the set is then tested as it is. Ctrl-C ends at once. The same command goes on.
- \`--iterations N\` is as far as each cell goes now; more can follow.
- \`--tests 1000,5000\`: where sets are tested on their way, instead of 50, 100, 150, 300, … Testing a set takes minutes.
- \`--data FOLDER\` holds the published files or \`train/<class>\` and \`test/<class>\`, in a folder for each dataset
  (\`FOLDER/cifar10\`) or at its top.
- \`--experts FOLDER\` takes experts that are there; \`--expert-count\` and \`--expert-epochs\` record fewer, or shorter ones.
- \`--networks\` tests other networks before the end.
- \`--runs FOLDER\` and \`--results FOLDER\`: instead of \`runs/reproduction\` and \`bench/reproduction/results\`. For a cell
  that takes longer than one sitting, \`--runs bench/reproduction/unfinished\` keeps its run folder under version control, so that any
  clone can go on with it; a result without a run folder can only be measured anew, with a \`--results\` folder of its own.

## How to read it

- **Images**: of every class, as the papers count budgets. **Floats**: what the set stores, a learned step size counted. **As
  images**: of every class, by floats. HaBa has 1, 9 and 49 bases a class and five hallucinators; with a single basis a class it
  stores more than one image a class, on CIFAR-10 nearly two.
- **Ours**: percent on test data, mean ± population deviation over five networks trained on one set, after the last iteration that was
  run. DC, DSA and DM printed 100 networks on five sets. MTT and HaBa printed the best of their evaluations, chosen by test accuracy;
  here nothing is chosen, and every evaluation is shown.
- **Random**: as many random real images as the floats allow, under the same protocol.
- **Status**: \`measured\` is run to the end; \`partly\` says how far.
- Numbers of other papers under "published" may come from codes that differ; MTT on CIFAR-10 is 46.2 and
  65.4 in FTD, and k-center is lower in DC's paper than in AutoPalette.
`
